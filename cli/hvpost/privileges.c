// SPDX-License-Identifier: MIT
#include "privileges.h"

/* TLFS, HV_PARTITION_PRIVILEGE_MASK; 35 is in edition 2.0a only. */
static const char *const names[PRIVILEGE_COUNT] = {
	[0] = "AccessVpRunTimeReg",
	[1] = "AccessPartitionReferenceCounter",
	[2] = "AccessSynicRegs",
	[3] = "AccessSyntheticTimerRegs",
	[4] = "AccessIntrCtrlRegs",
	[5] = "AccessHypercallMsrs",
	[6] = "AccessVpIndex",
	[7] = "AccessResetReg",
	[8] = "AccessStatsReg",
	[9] = "AccessPartitionReferenceTsc",
	[10] = "AccessGuestIdleReg",
	[11] = "AccessFrequencyRegs",
	[12] = "AccessDebugRegs",
	[13] = "AccessReenlightenmentControls",
	[32] = "CreatePartitions",
	[33] = "AccessPartitionId",
	[34] = "AccessMemoryPool",
	[35] = "AdjustMessageBuffers",
	[36] = "PostMessages",
	[37] = "SignalEvents",
	[38] = "CreatePort",
	[39] = "ConnectPort",
	[40] = "AccessStats",
	[43] = "Debugging",
	[44] = "CpuManagement",
	[48] = "AccessVSM",
	[49] = "AccessVpRegisters",
	[52] = "EnableExtendedHypercalls",
	[53] = "StartVirtualProcessor",
};

const char *privilege_name(unsigned int bit)
{
	return bit < PRIVILEGE_COUNT ? names[bit] : NULL;
}
