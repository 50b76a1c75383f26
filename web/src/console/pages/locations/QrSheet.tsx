// The codes of a location's EVSEs on a sheet, to be printed and stuck on.
import { api, data } from "@kit/api/client";
import { Empty, Lines, Problem } from "@kit/ui/feedback";
import { Button, Group, Modal, Text } from "@mantine/core";
import { IconPrinter, IconQrcodeOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import classes from "./qr.module.css";

const STATIONS_MAX = 200;

export function QrSheet({ id, name, onClose }: { id: string; name: string; onClose: () => void }) {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ["location", id, "qr"],
    queryFn: async ({ signal }) => {
      const stations = await data(
        api.GET("/api/v1/stations", { params: { query: { location_id: id, limit: STATIONS_MAX } }, signal }),
      );
      const wanted = stations.items.flatMap((station) =>
        station.evses.map((evse) => ({ station, evse: evse.number })),
      );
      return Promise.all(
        wanted.map(async ({ station, evse }) => ({
          key: `${station.id}/${evse}`,
          title: station.evses.length > 1 ? `${station.identity} · ${evse}` : station.identity,
          code: await data(
            api.GET("/api/v1/stations/{station}/evses/{evse}/qr", {
              params: { path: { station: station.id, evse: String(evse) } },
              signal,
            }),
          ),
        })),
      );
    },
  });
  return (
    <Modal opened onClose={onClose} fullScreen title={t("locations.qr_title", { name })}>
      {query.isPending && <Lines count={6} height={80} />}
      {query.error && <Problem error={query.error} retry={() => query.refetch()} />}
      {query.data?.length === 0 && (
        <Empty title={t("locations.qr_none")} icon={IconQrcodeOff}>
          {t("locations.qr_none_text")}
        </Empty>
      )}
      {query.data && query.data.length > 0 && (
        <>
          <Group justify="space-between" mb="md" className={classes.tools}>
            <Text size="sm">{t("locations.qr_help")}</Text>
            <Button leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => window.print()}>
              {t("locations.print")}
            </Button>
          </Group>
          <div className={classes.sheet}>
            {query.data.map(({ key, title, code }) => (
              <figure key={key} className={classes.code}>
                {/* A picture of the server's own making; as a picture nothing in it can run. */}
                <img src={`data:image/svg+xml,${encodeURIComponent(code.svg)}`} alt={code.url} />
                <figcaption>
                  <strong>
                    <bdi dir="ltr">{title}</bdi>
                  </strong>
                  <span dir="ltr">{code.url}</span>
                </figcaption>
              </figure>
            ))}
          </div>
        </>
      )}
    </Modal>
  );
}
