// Logs from the station and firmware to it.

import { Stack } from "@mantine/core";
import { useMay } from "../../../session";
import { FirmwarePart } from "./FirmwarePart";
import { LogsPart } from "./LogsPart";
import { Transfers } from "./Transfers";

export default function Files() {
  const may = useMay();
  return (
    <Stack>
      <FirmwarePart />
      {may("files:read") && <LogsPart />}
      <Transfers />
    </Stack>
  );
}
