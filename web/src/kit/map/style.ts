// How the map looks, on light and on dark; with a tile server's pictures above the countries where one is set.
import type { StyleSpecification } from "maplibre-gl";

export type Scheme = "light" | "dark";

export const GROUND = {
  light: { sea: "#dfe8ee", land: "#fbfaf7", border: "#b9c0c8", label: "#6a727d", halo: "#fbfaf7" },
  dark: { sea: "#15191e", land: "#2a3038", border: "#4a525d", label: "#98a3b0", halo: "#22272e" },
} as const;

export interface Tiles {
  url: string;
  attribution: string;
}

const NOTHING = { type: "FeatureCollection" as const, features: [] };

// What the installation was told about a tile server; nothing when there is none.
export function tilesOf(doc: Document): Tiles | undefined {
  const meta = (name: string) => doc.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
  const url = meta("map-tiles");
  return url.includes("{z}") ? { url, attribution: meta("map-attribution") } : undefined;
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

export function styleOf(scheme: Scheme, tiles: Tiles | undefined): StyleSpecification {
  const colours = GROUND[scheme];
  return {
    version: 8,
    sources: {
      countries: { type: "geojson", data: NOTHING, tolerance: 0.2 },
      labels: { type: "geojson", data: NOTHING },
      ...(tiles && {
        tiles: {
          type: "raster" as const,
          tiles: [tiles.url],
          tileSize: 256,
          maxzoom: 19,
          attribution: escaped(tiles.attribution),
        },
      }),
    },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": colours.sea } },
      { id: "land", type: "fill", source: "countries", paint: { "fill-color": colours.land } },
      {
        id: "border",
        type: "line",
        source: "countries",
        paint: { "line-color": colours.border, "line-width": 1 },
      },
      ...(tiles ? [{ id: "tiles", type: "raster" as const, source: "tiles" }] : []),
      ...(tiles
        ? []
        : [
            {
              id: "labels",
              type: "symbol" as const,
              source: "labels",
              layout: {
                "text-field": ["get", "name"] as ["get", string],
                "text-font": ["system-ui"],
                "text-size": 12,
                "text-max-width": 7,
                "symbol-sort-key": ["get", "rank"] as ["get", string],
              },
              paint: {
                "text-color": colours.label,
                "text-halo-color": colours.halo,
                "text-halo-width": 1.2,
              },
            },
          ]),
    ],
  };
}
