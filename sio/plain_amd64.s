//go:build !purego

#include "textflag.h"

// func plainRun(b []byte) (n int, high bool)
//
// Sixteen bytes at a time. AX: how far; X4: all bytes so far; BX: a bit for each
// byte of the sixteen that does not stand for itself; DI: one for each that is
// not ASCII.
TEXT ·plainRun(SB), NOSPLIT, $0-33
	MOVQ b_base+0(FP), SI
	MOVQ b_len+8(FP), CX
	XORL AX, AX
	XORL DI, DI
	PXOR X4, X4
	MOVQ $0x2222222222222222, R8 // quotes
	MOVQ R8, X5
	PUNPCKLQDQ X5, X5
	MOVQ $0x5C5C5C5C5C5C5C5C, R8 // backslashes
	MOVQ R8, X6
	PUNPCKLQDQ X6, X6
	MOVQ $0x1F1F1F1F1F1F1F1F, R8 // the last control character
	MOVQ R8, X7
	PUNPCKLQDQ X7, X7

next:
	LEAQ 16(AX), DX
	CMPQ DX, CX
	JA   tail
	MOVOU (SI)(AX*1), X0
	MOVO X0, X1
	MOVO X0, X2
	MOVO X0, X3
	PCMPEQB X5, X1
	PCMPEQB X6, X2
	PMINUB X7, X3
	PCMPEQB X0, X3
	POR X2, X1
	POR X3, X1
	PMOVMSKB X1, BX
	TESTL BX, BX
	JNZ  last
	POR  X0, X4
	MOVQ DX, AX
	JMP  next

last:
	PMOVMSKB X0, DI
	JMP  found

tail:
	// Fewer than sixteen are left, CX of them. What is read beside them is of
	// the same page, and is masked out.
	SUBQ AX, CX
	JZ   done
	LEAQ (SI)(AX*1), R9
	XORL R11, R11
	MOVL R9, R10
	ANDL $0xFFF, R10
	CMPL R10, $0xFF0
	JA   before
	MOVOU (R9), X0
	JMP  compare

before:
	MOVOU -16(R9)(CX*1), X0
	MOVL $16, R11
	SUBL CX, R11

compare:
	MOVO X0, X1
	MOVO X0, X2
	MOVO X0, X3
	PCMPEQB X5, X1
	PCMPEQB X6, X2
	PMINUB X7, X3
	PCMPEQB X0, X3
	POR X2, X1
	POR X3, X1
	PMOVMSKB X1, BX
	PMOVMSKB X0, DI
	MOVQ CX, R10
	MOVL R11, CX
	SHRL CX, BX
	SHRL CX, DI
	MOVQ R10, CX
	MOVL $1, R8
	SHLL CX, R8
	DECL R8
	ANDL R8, BX
	ANDL R8, DI
	TESTL BX, BX
	JNZ  found
	ADDQ CX, AX
	JMP  done

found:
	BSFL BX, CX
	ADDQ CX, AX
	MOVL $1, R8
	SHLL CX, R8
	DECL R8
	ANDL R8, DI

done:
	PMOVMSKB X4, BX
	ORL  BX, DI
	SETNE high+32(FP)
	MOVQ AX, n+24(FP)
	RET
