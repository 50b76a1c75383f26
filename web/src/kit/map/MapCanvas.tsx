// The map itself: React says what is wanted, the engine draws it.
import { Alert, Box, useComputedColorScheme } from "@mantine/core";
import { GeolocateControl, type Map as MapLibre, Marker, NavigationControl, Popup } from "maplibre-gl";
import { useEffect, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { useTranslation } from "react-i18next";
import { useFormats } from "../formats";
import { boundsOf, type Cluster, inOrder } from "./clusters";
import { Ground, Markers, newMap, type Wishes } from "./engine";
import type { MapViewProps } from "./MapView";
import classes from "./map.module.css";
import { styleOf, tilesOf } from "./style";

// Countries alone say little about streets: one stays further off.
const near = () => (tilesOf(document) ? 13 : 7);

async function mayLocate(): Promise<boolean> {
  if (!navigator.geolocation || !navigator.permissions) return Boolean(navigator.geolocation);
  return (await navigator.permissions.query({ name: "geolocation" })).state !== "denied";
}

interface Standing {
  map: MapLibre;
  markers: Markers;
  ground: Ground;
}

export default function MapCanvas(props: MapViewProps) {
  const { label, places, selected = null, onSelect, popover, cluster = true, pin, height = 420 } = props;
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const scheme = useComputedColorScheme("light");
  const place = useRef<HTMLDivElement>(null);
  const [standing, setStanding] = useState<Standing | null>(null);
  const [failed, setFailed] = useState(false);
  const latest = useRef(props);
  latest.current = props;

  const kept = useRef<Standing | null>(null);

  const wishes: Wishes = useMemo(
    () => ({
      cluster,
      scheme,
      selected,
      number: (value) => formats.number(value),
      labelOf: (each: Cluster) => {
        const states = inOrder(each.states).map(
          ([state, count]) => `${formats.number(count)} ${t(`state.${state}`)}`,
        );
        const name =
          each.places.length === 1 ? each.places[0]!.name : t("map.places", { count: each.places.length });
        return `${name}: ${states.length > 0 ? formats.list(states) : t("map.no_stations")}`;
      },
      onCluster: (each) => {
        if (each.places.length === 1) latest.current.onSelect?.(each.places[0]!.id);
        else kept.current?.map.fitBounds(boundsOf(each.places)!, { padding: 90, maxZoom: 17, duration: 400 });
      },
    }),
    [cluster, scheme, selected, formats, t],
  );
  const now = useRef(wishes);
  now.current = wishes;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the map is made once; what it shows is set below
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let made: MapLibre;
    try {
      made = newMap(element, now.current.scheme, {
        "Map.Title": label,
        "NavigationControl.ZoomIn": t("map.zoom_in"),
        "NavigationControl.ZoomOut": t("map.zoom_out"),
        "GeolocateControl.FindMyLocation": t("map.locate"),
        "GeolocateControl.LocationNotAvailable": t("map.locate_not"),
        "Popup.Close": t("map.close"),
        "AttributionControl.ToggleAttribution": t("map.attribution"),
      });
    } catch {
      setFailed(true);
      return;
    }
    made.touchZoomRotate.disableRotation();
    const corner = i18n.dir() === "rtl" ? "top-left" : "top-right";
    made.addControl(new NavigationControl({ showCompass: false }), corner);
    const whole: Standing = {
      map: made,
      markers: new Markers(made, now.current),
      ground: new Ground(made, i18n.language),
    };
    kept.current = whole;
    // Where it is forbidden, no button promises it.
    if (props.locateMe)
      mayLocate().then((may) => {
        if (!may || kept.current !== whole) return;
        const locate = new GeolocateControl({ fitBoundsOptions: { maxZoom: 13 } });
        locate.on("geolocate", (found) => {
          const { latitude, longitude } = (found as unknown as GeolocationPosition).coords;
          latest.current.onLocated?.({ latitude, longitude });
        });
        made.addControl(locate, corner);
      });
    made.on("load", () => {
      whole.ground.show(true).catch(() => undefined);
      setStanding(whole);
    });
    made.on("move", () => whole.markers.moved());
    made.on("moveend", () => {
      whole.ground.show().catch(() => undefined);
      const seen = made.getBounds();
      latest.current.onMoved?.([seen.getWest(), seen.getSouth(), seen.getEast(), seen.getNorth()]);
    });
    made.on("click", (event) => {
      latest.current.onPick?.({ latitude: event.lngLat.lat, longitude: event.lngLat.lng });
      if (!latest.current.onPick) latest.current.onSelect?.(null);
    });
    return () => {
      kept.current = null;
      whole.markers.remove();
      made.remove();
      setStanding(null);
    };
  }, [i18n.language]);

  useEffect(() => {
    if (!standing) return;
    standing.map.setStyle(styleOf(scheme, tilesOf(document)), { diff: true });
    standing.ground.show(true).catch(() => undefined);
  }, [standing, scheme]);

  // All of it is shown first; after that one looks where one likes.
  const fitted = useRef(false);
  useEffect(() => {
    if (!standing) {
      fitted.current = false;
      return;
    }
    standing.markers.set(places, wishes);
    if (fitted.current || places.length === 0) return;
    fitted.current = true;
    const one = latest.current.selected
      ? places.find((each) => each.id === latest.current.selected)
      : undefined;
    const bounds = boundsOf(one ? [one] : places);
    if (bounds) standing.map.fitBounds(bounds, { padding: 60, maxZoom: near(), duration: 0 });
  }, [standing, places, wishes]);

  const shown = selected === null ? undefined : places.find((each) => each.id === selected);
  const [balloon, setBalloon] = useState<HTMLElement | null>(null);
  const at = shown ? `${shown.longitude},${shown.latitude}` : "";
  useEffect(() => {
    if (!standing || !at) return;
    const [longitude, latitude] = at.split(",").map(Number) as [number, number];
    if (!standing.map.getBounds().contains([longitude, latitude]) || standing.map.getZoom() < 5)
      standing.map.easeTo({
        center: [longitude, latitude],
        zoom: Math.max(standing.map.getZoom(), near() - 2),
        duration: 500,
      });
    if (!latest.current.popover) return;
    const content = document.createElement("div");
    const popup = new Popup({ offset: 26, maxWidth: "320px", closeOnClick: false, focusAfterOpen: false })
      .setLngLat([longitude, latitude])
      .setDOMContent(content)
      .addTo(standing.map);
    const close = () => latest.current.onSelect?.(null);
    popup.on("close", close);
    setBalloon(content);
    return () => {
      popup.off("close", close);
      popup.remove();
      setBalloon(null);
    };
  }, [standing, at]);

  useEffect(() => {
    if (!standing || !pin) return;
    const element = document.createElement("div");
    element.className = classes.here ?? "";
    const marker = new Marker({ element }).setLngLat([pin.longitude, pin.latitude]).addTo(standing.map);
    element.removeAttribute("tabindex");
    element.removeAttribute("role");
    element.removeAttribute("aria-label");
    element.setAttribute("aria-hidden", "true");
    if (!fitted.current) {
      fitted.current = true;
      standing.map.jumpTo({ center: [pin.longitude, pin.latitude], zoom: near() });
    }
    return () => {
      marker.remove();
    };
  }, [standing, pin]);

  return (
    <Box className={classes.map} h={height}>
      {failed ? (
        <Alert m="md" title={t("map.failed")}>
          {t("map.failed_text")}
        </Alert>
      ) : (
        <div ref={place} className={classes.canvas} dir="ltr" />
      )}
      {balloon &&
        shown &&
        popover &&
        onSelect &&
        createPortal(<div dir={i18n.dir()}>{popover(shown)}</div>, balloon)}
    </Box>
  );
}
