// The network at a glance.
import { Empty, Lines, Problem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Button, Grid, Group, Stack } from "@mantine/core";
import { IconChargingPile } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { StateCounts } from "../../network/rows";
import { useMay } from "../../session";
import { DayCurve } from "./DayCurve";
import { useGlance } from "./glance";
import { Problems } from "./Problems";
import { States } from "./States";
import { Tiles } from "./Tiles";

export default function Overview() {
  const { t } = useTranslation();
  const may = useMay();
  const { data: glance, isPending, error, refetch, zone } = useGlance();
  const empty = glance && Object.keys(glance.stations.by_state).length === 0;
  return (
    <Page title={t("overview.title")}>
      {isPending && <Lines count={8} height={64} />}
      {error && !glance && <Problem error={error} retry={() => refetch()} />}
      {empty && (
        <Empty
          title={t("stations.none")}
          icon={IconChargingPile}
          action={
            <Group>
              {may("stations:write") && (
                <Button component={Link} to={"/onboarding" as "/"}>
                  {t("stations.add")}
                </Button>
              )}
              <Button component={Link} to={"/locations" as "/"} variant="default">
                {t("map_page.to_locations")}
              </Button>
            </Group>
          }
        >
          {t("stations.none_text")}
        </Empty>
      )}
      {glance && !empty && (
        <Stack>
          <Tiles glance={glance} />
          <Grid>
            <Grid.Col span={{ base: 12, lg: 8 }}>
              <Stack>
                <DayCurve glance={glance} zone={zone} />
                <States states={glance.stations.by_state as StateCounts} />
              </Stack>
            </Grid.Col>
            <Grid.Col span={{ base: 12, lg: 4 }}>
              <Problems problems={glance.problems} />
            </Grid.Col>
          </Grid>
        </Stack>
      )}
    </Page>
  );
}
