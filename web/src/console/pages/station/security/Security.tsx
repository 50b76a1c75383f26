// How the station proves who it is, and what happened around that.
import { Stack } from "@mantine/core";
import { Certificates } from "./Certificates";
import { Credentials } from "./Credentials";
import { SecurityEvents } from "./SecurityEvents";

export default function Security() {
  return (
    <Stack>
      <Credentials />
      <Certificates />
      <SecurityEvents />
    </Stack>
  );
}
