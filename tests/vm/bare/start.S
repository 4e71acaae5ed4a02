/* SPDX-License-Identifier: MIT */
/*
 * From where a multiboot loader enters, in flat protected mode without paging,
 * to main() in long mode, with the first GiB mapped to itself; and where all
 * interrupts enter.
 */
#define MULTIBOOT_MAGIC		0x1badb002
#define STACK_SIZE		16384

	.section .text.start, "ax"
	.balign 4
	.long	MULTIBOOT_MAGIC
	.long	0
	.long	-MULTIBOOT_MAGIC

	.code32
	.globl	start
start:
	mov	$stack_end, %esp
	mov	%ebx, %ebp		/* the multiboot information */

	/* 512 pages of 2 MiB: present, writable, large */
	mov	$directory, %edi
	mov	$0x83, %eax
	mov	$512, %ecx
1:	mov	%eax, (%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	1b
	movl	$directory + 3, pointers
	movl	$pointers + 3, top

	mov	%cr4, %eax
	or	$0x20, %eax		/* PAE */
	mov	%eax, %cr4
	mov	$top, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx	/* EFER: LME */
	rdmsr
	or	$0x100, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80000000, %eax	/* PG */
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$8, $1f

	.code64
1:	xor	%eax, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%ebp, %edi
	call	bare_main
2:	hlt
	jmp	2b

	.globl	interrupt
interrupt:
	.irp	register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
	push	%\register
	.endr
	call	on_interrupt
	.irp	register, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
	pop	%\register
	.endr
	iretq

	.balign 8
gdt:
	.quad	0
	.quad	0x00af9b000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

	.bss
	.balign 4096
top:		.skip 4096
pointers:	.skip 4096
directory:	.skip 4096
		.skip STACK_SIZE
stack_end:

	.section .note.GNU-stack, "", @progbits
