// One location: how its stations stand, what it draws, and what is known of it.
import { api, asked, data } from "@kit/api/client";
import { useFormats } from "@kit/formats";
import { MapView } from "@kit/map/MapView";
import { Facts } from "@kit/ui/Facts";
import { ask, Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Button, Grid, Menu, Stack } from "@mantine/core";
import { IconDots, IconEdit, IconQrcode, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { NOBODY, useMapPlaces } from "../../network/mapping";
import { PlaceStates } from "../../network/PlaceStates";
import { anew, usePlaces } from "../../network/places";
import { useMay } from "../../session";
import { facilityWords } from "../../vocabulary";
import { Notes } from "../station/notes/Notes";
import { Section } from "../station/Section";
import { countryName } from "./countries";
import { hoursInWords } from "./hours";
import { LocationForm } from "./LocationForm";
import { LocationLoad } from "./LocationLoad";
import { LocationStations } from "./LocationStations";
import { Photos } from "./Photos";
import { QrSheet } from "./QrSheet";

export default function LocationPage() {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const may = useMay();
  const navigate = useNavigate();
  const { location: id } = useParams({ strict: false }) as { location: string };
  const query = useQuery(
    asked(["location", id], (signal) =>
      api.GET("/api/v1/locations/{location_id}", { params: { path: { location_id: id } }, signal }),
    ),
  );
  const { places } = usePlaces();
  const { onMap, sums } = useMapPlaces(places);
  const here = useMemo(() => onMap.filter((place) => place.id === id), [onMap, id]);
  const [dialog, setDialog] = useState<"edit" | "qr" | null>(null);
  const remove = useMutation({
    mutationFn: () =>
      data(api.DELETE("/api/v1/locations/{location_id}", { params: { path: { location_id: id } } })),
    onSuccess: () => {
      anew();
      tellDone(t("locations.deleted"));
      navigate({ to: "/locations" as "/" });
    },
    onError: tellProblem,
  });
  const crumbs = [{ title: t("locations.title"), to: "/locations" }];
  if (query.error)
    return (
      <Page title={t("locations.one")} crumbs={crumbs}>
        <Problem error={query.error} retry={() => query.refetch()} />
      </Page>
    );
  const location = query.data;
  if (!location)
    return (
      <Page title={t("locations.one")} crumbs={crumbs}>
        <Lines />
      </Page>
    );
  const now = sums.get(id) ?? NOBODY;
  const writes = may("locations:write");
  return (
    <Page
      title={location.name}
      crumbs={crumbs}
      subtitle={
        <bdi>
          {[
            location.address,
            [location.postal_code, location.city].filter(Boolean).join(" "),
            countryName(location.country, i18n.language),
          ]
            .filter(Boolean)
            .join(", ")}
        </bdi>
      }
      actions={
        <>
          <Button
            variant="default"
            leftSection={<IconQrcode size={16} aria-hidden />}
            onClick={() => setDialog("qr")}
          >
            {t("locations.qr")}
          </Button>
          {writes && (
            <>
              <Button leftSection={<IconEdit size={16} aria-hidden />} onClick={() => setDialog("edit")}>
                {t("locations.edit")}
              </Button>
              <Menu position="bottom-end">
                <Menu.Target>
                  <Button variant="default" px="xs" aria-label={t("locations.more")}>
                    <IconDots size={18} aria-hidden />
                  </Button>
                </Menu.Target>
                <Menu.Dropdown>
                  <Menu.Item
                    leftSection={<IconTrash size={16} aria-hidden />}
                    disabled={now.stations > 0}
                    onClick={() =>
                      ask({
                        title: t("locations.delete_title", { name: location.name }),
                        text: t("locations.delete_text"),
                        action: t("locations.delete"),
                        danger: true,
                        onYes: () => remove.mutate(),
                      })
                    }
                  >
                    {t("locations.delete")}
                  </Menu.Item>
                </Menu.Dropdown>
              </Menu>
            </>
          )}
        </>
      }
    >
      <Grid>
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack>
            <Section title={t("locations.now")} tools={<PlaceStates states={now.states} words />}>
              <Facts
                facts={[
                  [t("locations.power"), <bdi key="power">{formats.power(now.power_w)}</bdi>],
                  [t("locations.sessions"), formats.number(now.sessions)],
                  [
                    t("locations.connected"),
                    t("locations.of", {
                      some: formats.number(now.connected),
                      all: formats.number(now.stations),
                    }),
                  ],
                ]}
              />
              {may("sessions:read") && <LocationLoad location={location} />}
            </Section>
            <LocationStations id={id} />
            <Notes about={`location:${id}`} zone={location.time_zone} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Stack>
            {here.length > 0 && (
              <MapView label={t("map_page.title")} places={here} selected={id} height={240} />
            )}
            <Section title={t("locations.about")}>
              <Facts
                facts={[
                  [t("locations.time_zone"), <bdi key="zone">{location.time_zone}</bdi>],
                  [t("locations.reference"), location.reference],
                  [
                    t("locations.coordinates"),
                    location.latitude === null ? (
                      ""
                    ) : (
                      <bdi key="at" dir="ltr">
                        {location.latitude}, {location.longitude}
                      </bdi>
                    ),
                  ],
                  [
                    t("locations.hours"),
                    location.opening_hours.length === 0
                      ? t("locations.always_open")
                      : hoursInWords(location.opening_hours, i18n.language, t("locations.closed")).map(
                          (line) => <div key={line}>{line}</div>,
                        ),
                  ],
                  [
                    t("locations.facilities"),
                    location.facilities.map((each) => facilityWords(t, each)).join(", "),
                  ],
                ]}
              />
            </Section>
            <Photos id={id} />
          </Stack>
        </Grid.Col>
      </Grid>
      {dialog === "edit" && <LocationForm location={location} onClose={() => setDialog(null)} />}
      {dialog === "qr" && <QrSheet id={id} name={location.name} onClose={() => setDialog(null)} />}
    </Page>
  );
}
