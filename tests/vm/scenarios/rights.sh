#!/bin/sh
# SPDX-License-Identifier: MIT
# about: a user who is not root, bounded by group, allow list and quota
# devices: hyperv-testdev
# kernel: any

parameters=/sys/module/hvpost/parameters
counts=/sys/class/misc/hvpost

# as USER COMMAND...: run it as that user, in all of the user's groups.
as()
{
	user=$1
	shift
	su -s /bin/sh "$user" -c "$*"
}

step "users: web is in the device's group and in one of its own, guest in none"
mkdir -p /etc
cat >/etc/passwd <<'END'
root:x:0:0::/:/bin/sh
web:x:1001:1001::/:/bin/sh
log:x:1002:1002::/:/bin/sh
guest:x:1003:1003::/:/bin/sh
END
cat >/etc/group <<'END'
hvpost:x:990:web,log
web:x:1001:
log:x:1002:
guest:x:1003:
mail:x:2000:web
END

step "a list that is none does not load"
expect_status 1 modprobe hvpost allow=mail:0x10
doctor_finds missing loaded ''
load_hvpost allow=2000:0x10 posts_per_second=0
[ "$(cat $parameters/allow)" = 2000:0x10 ]
echo_connections 6
chgrp hvpost /dev/hvpost
[ "$(stat -c %a%g /dev/hvpost)" = 660990 ]

step "who is not in the group does not come in"
expect_status 1 as guest hvpost send 0x10 hello 2>/tmp/output
grep 'cannot open /dev/hvpost: Permission denied' /tmp/output
doctor_finds missing access 'mode 0660, group hvpost' guest
grep 'adduser USER hvpost' /tmp/finding

step "for who is in it the doctor finds nothing missing"
doctor_finds ok access '' web
grep '^nothing is missing' /tmp/doctor

step "who is in it posts to its own connections"
listen_start 6 --count 1 --timeout "$(patience 30)"
as web hvpost send 0x10 hello
listen_wait
grep 'hello' /tmp/heard

step "and to no others"
expect_status 1 as web hvpost send 0x11 hello 2>/tmp/output
grep 'connection 0x11 is not allowed' /tmp/output
expect_status 1 as log hvpost send 0x10 hello
expect_status 1 as log hvpost signal 0x10 0
[ "$(cat $counts/allow_refused)" = 3 ]

step "root posts where it likes"
expect_echo 1 6 'from root'

step "a new list holds from now on"
echo 1002:0xe0-0xef >$parameters/allow
expect_status 2 as log hvpost send 0xee hello
expect_status 1 as web hvpost send 0x10 hello
! echo 1002:0xe0- >$parameters/allow 2>/dev/null || fail "a bad list was taken"
[ "$(cat $parameters/allow)" = 1002:0xe0-0xef ]

# Refused at once, and no echo: what counts is how many hypercalls there were.
step "a user has a quota, and root has none"
echo 1 >$parameters/posts_per_second
expect_status 1 as log hvpost send 0xee --count 1000 --timeout 0 x 2>/tmp/output
grep 'over its quota' /tmp/output
expect_status 2 hvpost send 0xee --count 1000 --timeout 0 x
[ "$(cat $counts/quota_held_back)" = 1 ]

step "with time the turn comes"
expect_status 2 as log hvpost send 0xee --count 3 --timeout "$(patience 60)" x

# Debian's kernels can be locked down; nothing but a boot takes that back.
case $(uname -r) in
*-cloud-*)
	step "locked down, VMBus's connections are nobody's"
	expect_status 2 hvpost send 1 hello
	mount -t securityfs securityfs /sys/kernel/security
	echo integrity >/sys/kernel/security/lockdown
	expect_status 1 hvpost send 1 hello 2>/tmp/output
	grep 'connection 0x1 belongs to VMBus' /tmp/output
	expect_status 1 hvpost signal 2 0
	expect_echo 1 6 'still from root'
	;;
esac

step "nothing is left behind"
unload_hvpost
