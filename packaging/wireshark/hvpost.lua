-- SPDX-License-Identifier: MIT
--
-- What hvpost captures, in Wireshark and tshark: each packet is one thing that was
-- seen on a message's way (docs/capture.md), and VMBus's channel messages inside
-- it. Copy or link this file to where 'tshark -G folders' says that personal Lua
-- plugins are, or name it: tshark -X lua_script:hvpost.lua -r FILE

local NONE = 0xffffffff
local HEAD_SIZE_MIN = 80
local VERSION = 1

-- 1. Names

local kinds = {
	[0] = "Post", "Signal", "Slot", "Flag", "EOM", "Ring full", "Ring resumed",
	"Drop", "Owner", "Deliver", "Queue full", "Interrupt", "Hypercall",
}

local sources = {
	[0] = "hvpost.ko", "libhvpost", "libhvhost", "hv_vmbus", "kvm",
}

local owners = { "the driver", "somebody else", "mixed" }

local statuses = {
	[0x00] = "SUCCESS",
	[0x02] = "INVALID_HYPERCALL_CODE",
	[0x03] = "INVALID_HYPERCALL_INPUT",
	[0x04] = "INVALID_ALIGNMENT",
	[0x05] = "INVALID_PARAMETER",
	[0x06] = "ACCESS_DENIED",
	[0x07] = "INVALID_PARTITION_STATE",
	[0x08] = "OPERATION_DENIED",
	[0x09] = "UNKNOWN_PROPERTY",
	[0x0a] = "PROPERTY_VALUE_OUT_OF_RANGE",
	[0x0b] = "INSUFFICIENT_MEMORY",
	[0x0c] = "PARTITION_TOO_DEEP",
	[0x0d] = "INVALID_PARTITION_ID",
	[0x0e] = "INVALID_VP_INDEX",
	[0x10] = "NOT_FOUND",
	[0x11] = "INVALID_PORT_ID",
	[0x12] = "INVALID_CONNECTION_ID",
	[0x13] = "INSUFFICIENT_BUFFERS",
	[0x14] = "NOT_ACKNOWLEDGED",
	[0x15] = "INVALID_VP_STATE",
	[0x16] = "ACKNOWLEDGED",
	[0x17] = "INVALID_SAVE_RESTORE_STATE",
	[0x18] = "INVALID_SYNIC_STATE",
	[0x19] = "OBJECT_IN_USE",
	[0x1a] = "INVALID_PROXIMITY_DOMAIN_INFO",
	[0x1b] = "NO_DATA",
	[0x1c] = "INACTIVE",
	[0x1d] = "NO_RESOURCES",
	[0x1e] = "FEATURE_UNAVAILABLE",
	[0x1f] = "PARTIAL_PACKET",
	[0x20] = "PROCESSOR_FEATURE_NOT_SUPPORTED",
	[0x30] = "PROCESSOR_CACHE_LINE_FLUSH_SIZE_INCOMPATIBLE",
	[0x33] = "INSUFFICIENT_BUFFER",
	[0x37] = "INCOMPATIBLE_PROCESSOR",
	[0x38] = "INSUFFICIENT_DEVICE_DOMAINS",
	[0x3c] = "CPUID_FEATURE_VALIDATION_ERROR",
	[0x3d] = "CPUID_XSAVE_FEATURE_VALIDATION_ERROR",
	[0x3e] = "PROCESSOR_STARTUP_TIMEOUT",
	[0x3f] = "SMX_ENABLED",
	[0x41] = "INVALID_LP_INDEX",
	[0x50] = "INVALID_REGISTER_VALUE",
	[0x51] = "INVALID_VTL_STATE",
	[0x55] = "NX_NOT_DETECTED",
	[0x57] = "INVALID_DEVICE_ID",
	[0x58] = "INVALID_DEVICE_STATE",
	[0x59] = "PENDING_PAGE_REQUESTS",
	[0x60] = "PAGE_REQUEST_INVALID",
	[0x65] = "KEY_ALREADY_EXISTS",
	[0x66] = "DEVICE_ALREADY_IN_DOMAIN",
	[0x6f] = "INVALID_CPU_GROUP_ID",
	[0x70] = "INVALID_CPU_GROUP_STATE",
	[0x71] = "OPERATION_FAILED",
	[0x72] = "NOT_ALLOWED_WITH_NESTED_VIRT_ACTIVE",
	[0x73] = "INSUFFICIENT_ROOT_MEMORY",
	[0x74] = "EVENT_BUFFER_ALREADY_FREED",
	[0x78] = "TIMEOUT",
	[0x79] = "CALL_PENDING",
	[0x86] = "VTL_ALREADY_ENABLED",
	[0x87] = "UNKNOWN_REGISTER_NAME",
}

local calls = {
	[0x57] = "CreatePort (old)", [0x58] = "DeletePort", [0x5a] = "GetPortProperty",
	[0x5b] = "DisconnectPort", [0x5c] = "PostMessage", [0x5d] = "SignalEvent",
	[0x95] = "CreatePort", [0x96] = "ConnectPort",
}

-- Types of messages that the hypervisor itself sends
local message_types = {
	[0x00000001] = "VMBus, or anybody's",
	[0x80000000] = "unmapped GPA",
	[0x80000001] = "GPA intercept",
	[0x80000003] = "unaccepted GPA",
	[0x80000010] = "timer expired",
	[0x80000020] = "invalid VP register",
	[0x80000021] = "unrecoverable exception",
	[0x80000022] = "unsupported feature",
	[0x8000003f] = "opaque intercept",
	[0x80000040] = "event log buffer complete",
	[0x80000050] = "hypercall intercept",
	[0x80000060] = "SynIC event",
	[0x80000061] = "SINT intercept",
	[0x80000062] = "SINT deliverable",
	[0x80000070] = "async call done",
	[0x80000071] = "insufficient memory",
}

-- Classes of VMBus devices
local classes = {
	["f8615163-df3e-46c5-913f-f2d2f965ed0e"] = "network",
	["32412632-86cb-44a2-9b5c-50d1417354f5"] = "IDE",
	["ba6163d9-04a1-4d29-b605-72e2ffb1dc7f"] = "SCSI",
	["0e0b6031-5213-4934-818b-38d90ced39db"] = "shutdown",
	["9527e630-d0ae-497b-adce-e80ab0175caf"] = "time",
	["57164f39-9115-4e78-ab55-382f3bd5422d"] = "heartbeat",
	["a9a0f4e7-5a45-4d96-b827-8a841e8c03e6"] = "key-value pairs",
	["525074dc-8985-46e2-8057-a307dc18a502"] = "dynamic memory",
	["cfa8b69e-5b4a-4cc0-b98b-8ba1a1f3f95a"] = "mouse",
	["f912ad6d-2b17-48ea-bd65-f927a61c7684"] = "keyboard",
	["35fa2e29-ea23-4236-96ae-3a6ebacba440"] = "backup",
	["da0a7802-e377-4aac-8e77-0558eb1073f8"] = "video",
	["2f9bcc4a-0069-4af3-b76b-6fd0be528cda"] = "Fibre Channel",
	["34d14be3-dee4-41c8-9ae7-6b174977c192"] = "file copy",
	["8c2eaf3d-32a7-4b09-ab99-bd1f1c86b501"] = "RDMA",
	["44c4f61d-4444-4400-9d52-802e27ede19f"] = "PCI Express",
}

-- 2. The channel messages of VMBus

local vmbus = Proto("vmbus", "VMBus channel message")

local vmbus_types = {
	[0] = "Invalid", "Offer Channel", "Rescind Channel Offer", "Request Offers",
	"All Offers Delivered", "Open Channel", "Open Channel Result", "Close Channel",
	"GPADL Header", "GPADL Body", "GPADL Created", "GPADL Teardown",
	"GPADL Torndown", "Relid Released", "Initiate Contact", "Version Response",
	"Unload", "Unload Response", "Message 18", "Message 19", "Message 20",
	"TL Connect Request", "Modify Channel", "TL Connect Result",
	"Modify Channel Response",
}

local v = {
	type = ProtoField.uint32("vmbus.type", "Type", base.DEC, vmbus_types),
	padding = ProtoField.uint32("vmbus.padding", "Padding", base.HEX),
	class = ProtoField.guid("vmbus.offer.class", "Class"),
	class_name = ProtoField.string("vmbus.offer.class_name", "Class name"),
	instance = ProtoField.guid("vmbus.offer.instance", "Instance"),
	flags = ProtoField.uint16("vmbus.offer.flags", "Channel flags", base.HEX),
	mmio = ProtoField.uint16("vmbus.offer.mmio_megabytes", "MMIO (MiB)"),
	user = ProtoField.bytes("vmbus.user_data", "User data"),
	subchannel = ProtoField.uint16("vmbus.offer.subchannel", "Subchannel"),
	relid = ProtoField.uint32("vmbus.relid", "Channel (relid)"),
	monitor = ProtoField.uint8("vmbus.offer.monitor", "Monitor"),
	has_monitor = ProtoField.bool("vmbus.offer.has_monitor", "Has a monitor", 8,
		nil, 1),
	dedicated = ProtoField.bool("vmbus.offer.dedicated",
		"Has an interrupt of its own", 16, nil, 1),
	connection = ProtoField.uint32("vmbus.connection", "Connection", base.HEX),
	openid = ProtoField.uint32("vmbus.openid", "Open"),
	gpadl = ProtoField.uint32("vmbus.gpadl", "GPADL", base.HEX),
	vp = ProtoField.uint32("vmbus.vp", "Target VP"),
	downstream = ProtoField.uint32("vmbus.open.downstream_page",
		"Downstream ring, at page"),
	status = ProtoField.uint32("vmbus.status", "Status", base.HEX),
	ranges_size = ProtoField.uint16("vmbus.gpadl.ranges_size", "Size of ranges"),
	ranges = ProtoField.uint16("vmbus.gpadl.ranges", "Ranges"),
	range_size = ProtoField.uint32("vmbus.gpadl.range.size", "Bytes of the range"),
	range_offset = ProtoField.uint32("vmbus.gpadl.range.offset",
		"Offset in its first page"),
	page = ProtoField.uint64("vmbus.gpadl.page", "Page", base.HEX),
	number = ProtoField.uint32("vmbus.gpadl.number", "Number of the message"),
	version = ProtoField.string("vmbus.version", "Version"),
	interrupts = ProtoField.uint64("vmbus.contact.interrupt_page",
		"Interrupt page", base.HEX),
	sint = ProtoField.uint8("vmbus.contact.sint", "Target SINT"),
	vtl = ProtoField.uint8("vmbus.contact.vtl", "Target VTL"),
	monitor_page = ProtoField.uint64("vmbus.contact.monitor_page",
		"Monitor page", base.HEX),
	supported = ProtoField.bool("vmbus.response.supported", "Supported"),
	state = ProtoField.uint8("vmbus.response.state", "Connection state", base.DEC,
		{ [0] = "successful", "failed: low resources", "failed: unknown" }),
	endpoint = ProtoField.guid("vmbus.connect.endpoint", "Guest's endpoint"),
	service = ProtoField.guid("vmbus.connect.service", "Host's service"),
}
vmbus.fields = v

local short = ProtoExpert.new("vmbus.short", "The message is shorter than its type wants",
	expert.group.MALFORMED, expert.severity.WARN)
vmbus.experts = { short }

-- Of each type its fields: what, where, how long.
local relid = { v.relid, 8, 4 }
local layouts = {
	[1] = {
		{ v.class, 8, 16 }, { v.instance, 24, 16 }, { v.flags, 56, 2 },
		{ v.mmio, 58, 2 }, { v.user, 60, 120 }, { v.subchannel, 180, 2 },
		{ v.relid, 184, 4 }, { v.monitor, 188, 1 }, { v.has_monitor, 189, 1 },
		{ v.dedicated, 190, 2 }, { v.connection, 192, 4 },
	},
	[2] = { relid },
	[5] = {
		relid, { v.openid, 12, 4 }, { v.gpadl, 16, 4 }, { v.vp, 20, 4 },
		{ v.downstream, 24, 4 }, { v.user, 28, 120 },
	},
	[6] = { relid, { v.openid, 12, 4 }, { v.status, 16, 4 } },
	[7] = { relid },
	[8] = {
		relid, { v.gpadl, 12, 4 }, { v.ranges_size, 16, 2 }, { v.ranges, 18, 2 },
		{ v.range_size, 20, 4 }, { v.range_offset, 24, 4 }, pages = 28,
	},
	[9] = { { v.number, 8, 4 }, { v.gpadl, 12, 4 }, pages = 16 },
	[10] = { relid, { v.gpadl, 12, 4 }, { v.status, 16, 4 } },
	[11] = { relid, { v.gpadl, 12, 4 } },
	[12] = { { v.gpadl, 8, 4 } },
	[13] = { relid },
	[14] = { { v.vp, 12, 4 }, { v.monitor_page, 24, 8 }, { v.monitor_page, 32, 8 } },
	[15] = { { v.supported, 8, 1 } },
	[21] = { { v.endpoint, 8, 16 }, { v.service, 24, 16 } },
	[22] = { relid, { v.vp, 12, 4 } },
	[24] = { relid, { v.status, 12, 4 } },
}

local function version_text(value)
	return string.format("%d.%d", bit.rshift(value, 16), bit.band(value, 0xffff))
end

-- As people write them: the first three parts are little endian.
local function guid_text(range)
	return string.format("%08x-%04x-%04x-%s-%s", range(0, 4):le_uint(),
		range(4, 2):le_uint(), range(6, 2):le_uint(),
		string.lower(range(8, 2):bytes():tohex()),
		string.lower(range(10, 6):bytes():tohex()))
end

-- Fields that depend on others. Each adds to the tree and returns more for the line.
local extras = {}

extras[1] = function(buffer, tree)
	local name = classes[guid_text(buffer(8, 16))]

	if name then
		tree:add(v.class_name, buffer(8, 16), name):set_generated()
	end
	return string.format(", channel %d%s", buffer(184, 4):le_uint(),
		name and ": " .. name or "")
end

extras[14] = function(buffer, tree)
	local version = buffer(8, 4):le_uint()

	tree:add(v.version, buffer(8, 4), version_text(version))
	-- Where since 5.0 the guest says at which SINT it wants its answers
	if bit.rshift(version, 16) >= 5 then
		tree:add(v.sint, buffer(16, 1))
		tree:add(v.vtl, buffer(17, 1))
	else
		tree:add_le(v.interrupts, buffer(16, 8))
	end
	return ", version " .. version_text(version)
end

extras[15] = function(buffer, tree)
	local supported = buffer(8, 1):uint() ~= 0

	-- Old hosts say no more.
	if buffer:len() >= 16 then
		tree:add(v.state, buffer(9, 1))
		tree:add_le(v.connection, buffer(12, 4))
	end
	return supported and ", supported" or ", not supported"
end

local function add_channel(buffer)
	return string.format(", channel %d", buffer(8, 4):le_uint())
end
for _, type in ipairs({ 2, 5, 6, 7, 8, 10, 11, 13, 22, 24 }) do
	extras[type] = add_channel
end

local function size_of(layout)
	local size = 8

	for _, row in ipairs(layout) do
		size = math.max(size, row[2] + row[3])
	end
	return size
end

local function add_pages(buffer, tree, at)
	while at + 8 <= buffer:len() do
		tree:add_le(v.page, buffer(at, 8))
		at = at + 8
	end
end

-- What a column says of it
local function dissect_vmbus(buffer, root)
	local tree = root:add(vmbus, buffer())
	local type = buffer:len() >= 4 and buffer(0, 4):le_uint()
	local name, layout

	if buffer:len() < 8 then
		tree:add_proto_expert_info(short)
		return "VMBus"
	end
	tree:add_le(v.type, buffer(0, 4))
	tree:add_le(v.padding, buffer(4, 4))
	name = vmbus_types[type] or string.format("Message %u", type)
	tree:append_text(": " .. name)
	layout = layouts[type]
	if not layout then
		return name
	end
	if buffer:len() < size_of(layout) then
		tree:add_proto_expert_info(short)
		return name
	end
	for _, row in ipairs(layout) do
		tree:add_le(row[1], buffer(row[2], row[3]))
	end
	if layout.pages then
		add_pages(buffer, tree, layout.pages)
	end
	return name .. (extras[type] and extras[type](buffer, tree) or "")
end

function vmbus.dissector(buffer, pinfo, root)
	pinfo.cols.info = dissect_vmbus(buffer, root)
	return buffer:len()
end

-- 3. Packets

local hvpost = Proto("hvpost", "Hyper-V message, as hvpost has seen it")

hvpost.prefs.all_vmbus = Pref.bool("All messages of type 1 are VMBus's", false,
	"Also those of other connections than 1 and 4, and other SINTs than 2")

local f = {
	magic = ProtoField.string("hvpost.magic", "Magic"),
	version = ProtoField.uint8("hvpost.version", "Version"),
	head_size = ProtoField.uint8("hvpost.head_size", "Size of the head"),
	kind = ProtoField.uint8("hvpost.kind", "Kind", base.DEC, kinds),
	source = ProtoField.uint8("hvpost.source", "Seen by", base.DEC, sources),
	duration = ProtoField.uint64("hvpost.duration_ns", "Duration (ns)"),
	partition = ProtoField.uint64("hvpost.partition", "Partition"),
	origin = ProtoField.uint64("hvpost.origin", "Origin", base.HEX),
	pid = ProtoField.uint32("hvpost.pid", "Process id"),
	cpu = ProtoField.uint32("hvpost.cpu", "CPU"),
	vp = ProtoField.uint32("hvpost.vp", "VP"),
	connection = ProtoField.uint32("hvpost.connection", "Connection", base.HEX),
	sint = ProtoField.uint32("hvpost.sint", "SINT"),
	status = ProtoField.uint32("hvpost.status", "Status", base.HEX, statuses),
	attempts = ProtoField.uint32("hvpost.attempts", "Tries"),
	detail = ProtoField.uint32("hvpost.detail", "Detail"),
	flag = ProtoField.uint32("hvpost.flag", "Flag"),
	owner = ProtoField.uint32("hvpost.owner", "SynIC switched on by", base.DEC, owners),
	vector = ProtoField.uint32("hvpost.vector", "Vector", base.HEX),
	call = ProtoField.uint32("hvpost.call", "Call", base.HEX, calls),
	process = ProtoField.string("hvpost.process", "Process"),
	type = ProtoField.uint32("hvpost.type", "Message type", base.HEX, message_types),
	size = ProtoField.uint32("hvpost.size", "Payload size"),
	payload = ProtoField.bytes("hvpost.payload", "Payload"),
	timer = ProtoField.uint32("hvpost.timer.index", "Timer"),
	expired = ProtoField.uint64("hvpost.timer.expired", "Expired (100 ns)"),
	delivered = ProtoField.uint64("hvpost.timer.delivered", "Delivered (100 ns)"),
}
hvpost.fields = f

local refused = ProtoExpert.new("hvpost.refused", "The host refused this",
	expert.group.RESPONSE_CODE, expert.severity.NOTE)
local lost = ProtoExpert.new("hvpost.lost", "A message or an event was lost",
	expert.group.SEQUENCE, expert.severity.WARN)
local unknown = ProtoExpert.new("hvpost.unknown", "This packet's version is unknown",
	expert.group.UNDECODED, expert.severity.WARN)
local damaged = ProtoExpert.new("hvpost.damaged", "The packet is too short",
	expert.group.MALFORMED, expert.severity.ERROR)
hvpost.experts = { refused, lost, unknown, damaged }

-- What a detail is, by kind
local details = {
	[1] = f.flag, [3] = f.flag, [8] = f.owner, [11] = f.vector, [12] = f.call,
}

-- Fields of 32 bits that may have nothing in them: where they are, what the line
-- of the list calls them.
local places = {
	{ f.vp, 40, "VP %u" }, { f.connection, 44, "connection 0x%x" },
	{ f.sint, 48, "SINT %u" }, { f.pid, 32 }, { f.cpu, 36 }, { f.attempts, 56 },
}

local function is_none(range)
	local bytes = range:bytes()

	for i = 0, bytes:len() - 1 do
		if bytes:get_index(i) ~= 0xff then
			return false
		end
	end
	return true
end

local function add_known(tree, field, range)
	if not is_none(range) then
		tree:add_le(field, range)
	end
end

local function add_detail(buffer, tree, kind)
	local range = buffer(60, 4)

	if is_none(range) then
		return ""
	end
	tree:add_le(details[kind] or f.detail, range)
	if kind == 0 or kind == 2 then
		return "" -- VMBus's message, which has a name
	end
	if kind == 12 then
		return " " .. (calls[range:le_uint()] or string.format("0x%x", range:le_uint()))
	end
	return string.format(" %u", range:le_uint())
end

local function add_status(buffer, tree)
	local range = buffer(52, 4)
	local status = range:le_uint()
	local item

	if is_none(range) then
		return ""
	end
	item = tree:add_le(f.status, range)
	if status ~= 0 then
		item:add_proto_expert_info(refused)
	end
	return " " .. (statuses[status] or string.format("status 0x%x", status))
end

-- Processes name themselves, and tshark prints columns as they are: no byte of a name
-- is for a terminal to obey.
local function process_of(buffer)
	local name = buffer(64, 16):raw()
	local last = (name:find("\0", 1, true) or 17) - 1

	return (name:sub(1, last):gsub("[^\32-\126]", "?"))
end

local function add_head(buffer, tree)
	local kind = buffer(6, 1):uint()
	local line = kinds[kind] or string.format("Kind %u", kind)

	tree:add(f.magic, buffer(0, 4))
	tree:add(f.version, buffer(4, 1))
	tree:add(f.head_size, buffer(5, 1))
	tree:add(f.kind, buffer(6, 1))
	tree:add(f.source, buffer(7, 1))
	for _, place in ipairs(places) do
		local range = buffer(place[2], 4)

		add_known(tree, place[1], range)
		if place[3] and not is_none(range) then
			line = line .. " " .. string.format(place[3], range:le_uint())
		end
	end
	add_known(tree, f.duration, buffer(8, 8))
	add_known(tree, f.partition, buffer(16, 8))
	add_known(tree, f.origin, buffer(24, 8))
	if buffer(64, 1):uint() ~= 0 then
		tree:add(f.process, buffer(64, 16), process_of(buffer))
	end
	if kind == 7 then
		tree:add_proto_expert_info(lost)
	end
	return line .. add_detail(buffer, tree, kind) .. add_status(buffer, tree)
end

-- Is it VMBus's? It has type 1, its own connections, and its SINT.
local function is_vmbus(buffer, type)
	local connection = buffer(44, 4):le_uint()

	return type == 1 and (hvpost.prefs.all_vmbus or connection == 1 or
		connection == 4 or buffer(48, 4):le_uint() == 2)
end

local function add_timer(payload, tree)
	tree:add_le(f.timer, payload(0, 4))
	tree:add_le(f.expired, payload(8, 8))
	tree:add_le(f.delivered, payload(16, 8))
end

-- The message from @at on, and what the line says of it
local function add_message(buffer, tree, root, at)
	local type = buffer(at, 4):le_uint()
	local size = buffer(at + 4, 4):le_uint()
	local payload

	if type == NONE and size == NONE then
		return "", false
	end
	add_known(tree, f.type, buffer(at, 4))
	add_known(tree, f.size, buffer(at + 4, 4))
	if buffer:len() == at + 8 then
		return string.format(", type 0x%x", type), false
	end
	payload = buffer(at + 8)
	tree:add(f.payload, payload)
	if is_vmbus(buffer, type) then
		return ": " .. dissect_vmbus(payload:tvb(), root), true
	end
	if type == 0x80000010 and payload:len() >= 24 then
		add_timer(payload, tree)
	end
	return string.format(", type 0x%x, %u bytes", type, size), false
end

-- From where to where, as far as it is known
local function set_columns(buffer, pinfo)
	local vp = buffer(40, 4):le_uint()
	local connection = buffer(44, 4):le_uint()
	local sint = buffer(48, 4):le_uint()
	local kind = buffer(6, 1):uint()
	local process = process_of(buffer)
	local words = {}
	local place

	if vp ~= NONE then
		table.insert(words, "VP " .. vp)
	end
	if sint ~= NONE then
		table.insert(words, "SINT " .. sint)
	end
	place = table.concat(words, " ")
	if kind == 0 or kind == 1 then
		pinfo.cols.src = process ~= "" and process or place
		pinfo.cols.dst = connection ~= NONE and
			string.format("connection 0x%x", connection) or "host"
	elseif kind == 2 or kind == 3 or kind == 9 or kind == 11 then
		pinfo.cols.src = is_none(buffer(24, 8)) and "host" or
			string.format("port 0x%x", buffer(24, 4):le_uint())
		pinfo.cols.dst = place
	end
end

function hvpost.dissector(buffer, pinfo, root)
	local tree, head_size, line, message, has_vmbus

	if buffer:len() < 6 or buffer(0, 4):string() ~= "hvps" then
		return 0
	end
	pinfo.cols.protocol = "hvpost"
	tree = root:add(hvpost, buffer())
	head_size = buffer(5, 1):uint()
	if buffer(4, 1):uint() ~= VERSION then
		tree:add_proto_expert_info(unknown)
		return buffer:len()
	end
	if head_size < HEAD_SIZE_MIN or buffer:len() < head_size + 8 then
		tree:add_proto_expert_info(damaged)
		return buffer:len()
	end
	line = add_head(buffer, tree)
	message, has_vmbus = add_message(buffer, tree, root, head_size)
	set_columns(buffer, pinfo)
	if has_vmbus then
		pinfo.cols.protocol = "VMBus"
	end
	pinfo.cols.info = line .. message
	tree:append_text(": " .. line)
	return buffer:len()
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, hvpost)
