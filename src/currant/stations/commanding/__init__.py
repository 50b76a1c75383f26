"""What stations can be told to do, in neutral words; the gateway words it per version (gateway/*/commands)."""

from currant.stations.commanding import (
    certificates,
    der,
    displays,
    lists,
    network,
    profiles,
    remote,
    reservations,
    tariffs,
    transfers,
    variables,
)

AnyCommand = (
    remote.StartCharging
    | remote.StopCharging
    | remote.Unlock
    | remote.Reset
    | remote.SetAvailability
    | remote.Trigger
    | remote.TransferData
    | remote.GetTransactionStatus
    | remote.ClearCache
    | remote.RequestBatterySwap
    | remote.NotifyWebPaymentStarted
    | variables.GetVariables
    | variables.SetVariables
    | variables.GetReport
    | variables.SetMonitors
    | variables.ClearMonitors
    | variables.SetMonitoringBase
    | variables.SetMonitoringLevel
    | variables.GetMonitoringReport
    | variables.GetEventStreams
    | variables.AdjustEventStream
    | profiles.SetChargingProfile
    | profiles.ClearChargingProfiles
    | profiles.GetChargingProfiles
    | profiles.GetCompositeSchedule
    | profiles.UsePriorityCharging
    | profiles.UpdateDynamicSchedule
    | profiles.AllowEnergyTransfer
    | profiles.SendAfrrSignal
    | der.SetDerControl
    | der.GetDerControls
    | der.ClearDerControls
    | lists.GetLocalListVersion
    | lists.SendLocalList
    | transfers.GetLog
    | transfers.UpdateFirmware
    | transfers.PublishFirmware
    | transfers.UnpublishFirmware
    | certificates.InstallCertificate
    | certificates.DeleteCertificate
    | certificates.GetInstalledCertificates
    | certificates.SendSignedCertificate
    | network.SetNetworkProfile
    | displays.SetDisplayMessage
    | displays.GetDisplayMessages
    | displays.ClearDisplayMessage
    | displays.ShowCost
    | displays.GetCustomerInformation
    | tariffs.SetDefaultTariff
    | tariffs.GetTariffs
    | tariffs.ClearTariffs
    | tariffs.ChangeTransactionTariff
    | reservations.Reserve
    | reservations.CancelReservation
)
"""Every command there is; JSON tells them apart by `command`, which is the class's name."""
