/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * hyperv_status.h - every HV_STATUS, once.
 *
 * One row per status: ROW(NAME, value, errno, retry, meaning).
 *
 *   NAME     documented name without the HV_STATUS_ prefix
 *   value    the low 16 bits of a hypercall's result word
 *   errno    what the driver and the library report beside the raw status
 *   retry    NEVER    the same call will fail again until something changes
 *            ALWAYS   transient: a later try may succeed
 *            REQUEST  transient on some hosts only; retried if the caller asks
 *   meaning  one line for a person
 *
 * Driver, library and tool expand this table; none of them has a second list.
 * Rows are in ascending order of value (tested).
 *
 * Sources: Hypervisor Top Level Functional Specification (TLFS), status code
 * appendices of 2.0a, 5.0C and 6.0b, and Microsoft's public hvgdk headers.
 * The 5.x and 6.x PDFs print INSUFFICIENT_BUFFERS as 0x33; every host that was
 * ever observed answers 0x13, so 0x33 is only retried like it.
 */
#ifndef HVPOST_HYPERV_STATUS_H
#define HVPOST_HYPERV_STATUS_H

#define HV_STATUS_TABLE(ROW) \
ROW(SUCCESS, 0x00, 0, NEVER, "the hypervisor accepted the call") \
ROW(INVALID_HYPERCALL_CODE, 0x02, EOPNOTSUPP, NEVER, "the hypervisor does not know this call code") \
ROW(INVALID_HYPERCALL_INPUT, 0x03, EINVAL, NEVER, "reserved, rep or form bits of the control word are wrong, or the input page is refused") \
ROW(INVALID_ALIGNMENT, 0x04, EINVAL, NEVER, "the input or output address is misaligned, crosses a page or lies outside guest memory") \
ROW(INVALID_PARAMETER, 0x05, EINVAL, NEVER, "a field is out of range: message type, payload size or flag number") \
ROW(ACCESS_DENIED, 0x06, EACCES, NEVER, "the partition lacks the privilege for this call") \
ROW(INVALID_PARTITION_STATE, 0x07, EHOSTDOWN, NEVER, "the partition is in a state that forbids the call") \
ROW(OPERATION_DENIED, 0x08, EPERM, NEVER, "the hypervisor forbids this operation now") \
ROW(UNKNOWN_PROPERTY, 0x09, EINVAL, NEVER, "the partition or port property does not exist") \
ROW(PROPERTY_VALUE_OUT_OF_RANGE, 0x0a, ERANGE, NEVER, "the property's value is out of range") \
ROW(INSUFFICIENT_MEMORY, 0x0b, ENOMEM, NEVER, "the partition's memory pool cannot satisfy the call") \
ROW(PARTITION_TOO_DEEP, 0x0c, EIO, NEVER, "partitions are nested too deeply") \
ROW(INVALID_PARTITION_ID, 0x0d, ENODEV, NEVER, "no partition has this id") \
ROW(INVALID_VP_INDEX, 0x0e, ENXIO, NEVER, "the target virtual processor does not exist") \
ROW(NOT_FOUND, 0x10, ENOENT, NEVER, "the hypervisor found no such object") \
ROW(INVALID_PORT_ID, 0x11, ECONNRESET, NEVER, "the connection's port is deleted, its owner is not active, or it has another type") \
ROW(INVALID_CONNECTION_ID, 0x12, ENOTCONN, REQUEST, "this partition has no connection with that id; some hosts also say so to slow a sender down") \
ROW(INSUFFICIENT_BUFFERS, 0x13, EAGAIN, ALWAYS, "the port's message buffers are all in use; the receiver must catch up first") \
ROW(NOT_ACKNOWLEDGED, 0x14, EIO, NEVER, "an earlier interrupt has not been acknowledged") \
ROW(INVALID_VP_STATE, 0x15, EIO, NEVER, "the virtual processor is in the wrong state for the call") \
ROW(ACKNOWLEDGED, 0x16, EIO, NEVER, "the interrupt was acknowledged already") \
ROW(INVALID_SAVE_RESTORE_STATE, 0x17, EIO, NEVER, "saved state is damaged or was loaded in the wrong order") \
ROW(INVALID_SYNIC_STATE, 0x18, ENETDOWN, NEVER, "the target's SynIC, SIM page or SIEF page is off, or its SINT is masked") \
ROW(OBJECT_IN_USE, 0x19, EBUSY, NEVER, "the object is in use") \
ROW(INVALID_PROXIMITY_DOMAIN_INFO, 0x1a, EINVAL, NEVER, "the proximity domain is invalid") \
ROW(NO_DATA, 0x1b, ENODATA, NEVER, "the hypervisor has no data to return") \
ROW(INACTIVE, 0x1c, EHOSTDOWN, NEVER, "the object is not active") \
ROW(NO_RESOURCES, 0x1d, ENOSPC, NEVER, "a limit of the hypervisor is reached") \
ROW(FEATURE_UNAVAILABLE, 0x1e, EOPNOTSUPP, NEVER, "the feature is not available here") \
ROW(PARTIAL_PACKET, 0x1f, EIO, NEVER, "only a part of the packet was returned") \
ROW(PROCESSOR_FEATURE_NOT_SUPPORTED, 0x20, EIO, NEVER, "a required processor feature is missing") \
ROW(PROCESSOR_CACHE_LINE_FLUSH_SIZE_INCOMPATIBLE, 0x30, EIO, NEVER, "the processors' cache line flush sizes differ") \
ROW(INSUFFICIENT_BUFFER, 0x33, ENOSPC, ALWAYS, "the output buffer is too small; some hosts print 0x33 for INSUFFICIENT_BUFFERS") \
ROW(INCOMPATIBLE_PROCESSOR, 0x37, EIO, NEVER, "the processor is incompatible with the hypervisor") \
ROW(INSUFFICIENT_DEVICE_DOMAINS, 0x38, ENOSPC, NEVER, "the hypervisor has no device domain left") \
ROW(CPUID_FEATURE_VALIDATION_ERROR, 0x3c, EIO, NEVER, "the processors' features differ") \
ROW(CPUID_XSAVE_FEATURE_VALIDATION_ERROR, 0x3d, EIO, NEVER, "the processors' XSAVE features differ") \
ROW(PROCESSOR_STARTUP_TIMEOUT, 0x3e, EIO, NEVER, "a processor did not start in time") \
ROW(SMX_ENABLED, 0x3f, EIO, NEVER, "firmware left SMX on") \
ROW(INVALID_LP_INDEX, 0x41, EINVAL, NEVER, "no logical processor has this index") \
ROW(INVALID_REGISTER_VALUE, 0x50, EINVAL, NEVER, "the register does not take this value") \
ROW(INVALID_VTL_STATE, 0x51, EINVAL, NEVER, "the virtual trust level is in the wrong state") \
ROW(NX_NOT_DETECTED, 0x55, EIO, NEVER, "the processor does not offer no-execute") \
ROW(INVALID_DEVICE_ID, 0x57, EINVAL, NEVER, "no device has this id") \
ROW(INVALID_DEVICE_STATE, 0x58, EIO, NEVER, "the device is in the wrong state for the call") \
ROW(PENDING_PAGE_REQUESTS, 0x59, EIO, NEVER, "pending page requests of the device were discarded") \
ROW(PAGE_REQUEST_INVALID, 0x60, EIO, NEVER, "a page request asks for access the guest does not have") \
ROW(KEY_ALREADY_EXISTS, 0x65, EEXIST, NEVER, "an entry with this key exists already") \
ROW(DEVICE_ALREADY_IN_DOMAIN, 0x66, EEXIST, NEVER, "the device is attached to the domain already") \
ROW(INVALID_CPU_GROUP_ID, 0x6f, EINVAL, NEVER, "no CPU group has this id") \
ROW(INVALID_CPU_GROUP_STATE, 0x70, EIO, NEVER, "the CPU group is in the wrong state") \
ROW(OPERATION_FAILED, 0x71, EIO, NEVER, "the hypervisor could not carry the operation out") \
ROW(NOT_ALLOWED_WITH_NESTED_VIRT_ACTIVE, 0x72, EPERM, NEVER, "not allowed while nested virtualization is active") \
ROW(INSUFFICIENT_ROOT_MEMORY, 0x73, ENOMEM, NEVER, "the root partition's memory pool cannot satisfy the call") \
ROW(EVENT_BUFFER_ALREADY_FREED, 0x74, EIO, NEVER, "the event log buffer was freed already") \
ROW(TIMEOUT, 0x78, ETIMEDOUT, ALWAYS, "the host ran out of time; some VMBus hosts ask for a retry this way") \
ROW(CALL_PENDING, 0x79, EINPROGRESS, NEVER, "the call continues in the background") \
ROW(VTL_ALREADY_ENABLED, 0x86, EEXIST, NEVER, "the virtual trust level is enabled already") \
ROW(UNKNOWN_REGISTER_NAME, 0x87, EIO, NEVER, "no register has this name")

#define HV_STATUS_ENUM_ROW(name, value, err, retry, meaning) \
	HV_STATUS_##name = value,
enum hv_status {
	HV_STATUS_TABLE(HV_STATUS_ENUM_ROW)
	/* Room for codes this table does not name: a status is 16 bits wide. */
	HV_STATUS_MAX = 0xffff
};
#undef HV_STATUS_ENUM_ROW

/* Is a later try of a call that got this status worth while? */
enum hv_status_retry {
	HV_STATUS_RETRY_NEVER,
	HV_STATUS_RETRY_ALWAYS,
	HV_STATUS_RETRY_REQUEST
};

#endif /* HVPOST_HYPERV_STATUS_H */
