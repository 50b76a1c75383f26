// The station now: what it does and why, what is wrong and what to do, its EVSEs, its day.
import { Grid, Stack } from "@mantine/core";
import { Evses } from "./Evses";
import { LimitsNow } from "./LimitsNow";
import { PowerToday } from "./PowerToday";
import { WhatIsUp } from "./WhatIsUp";

export default function Now() {
  return (
    <Grid gap="md">
      <Grid.Col span={{ base: 12, lg: 7 }}>
        <Stack>
          <WhatIsUp />
          <PowerToday />
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 5 }}>
        <Stack>
          <Evses />
          <LimitsNow />
        </Stack>
      </Grid.Col>
    </Grid>
  );
}
