// What is set about the station here, and its end.
import { Stack } from "@mantine/core";
import { useMay } from "../../../session";
import { Evses } from "./Evses";
import { General } from "./General";
import { Retiring } from "./Retiring";

export default function Settings() {
  const may = useMay();
  return (
    <Stack>
      <General />
      <Evses />
      {may("stations:admit") && <Retiring />}
    </Stack>
  );
}
