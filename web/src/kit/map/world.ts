// The map that is always there: the countries of the world, coarse from afar and finer from near.
import type { FeatureCollection, Geometry, MultiPolygon, Polygon, Position } from "geojson";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import fineAddress from "world-atlas/countries-50m.json?url";
import coarseAddress from "world-atlas/countries-110m.json?url";
import { namesIn } from "./countries";

export interface World {
  countries: FeatureCollection<Geometry, { name: string }>;
  labels: FeatureCollection<Geometry, { name: string; rank: number }>;
}
type Atlas = Topology<{ countries: GeometryCollection<{ name: string }> }>;

const kept = new Map<string, Promise<World["countries"]>>();

function read(fine: boolean): Promise<World["countries"]> {
  const address = fine ? fineAddress : coarseAddress;
  const known = kept.get(address);
  if (known) return known;
  const asked = fetch(address).then(async (answer) => {
    const atlas = (await answer.json()) as Atlas;
    return whole(feature(atlas, atlas.objects.countries) as World["countries"]);
  });
  kept.set(address, asked);
  asked.catch(() => kept.delete(address));
  return asked;
}

// Rings that jump from one edge of the map to the other (Russia, Fiji) go on beyond the edge instead;
// the ring about the south pole has to touch both edges.
function whole(countries: World["countries"]): World["countries"] {
  const straight = (ring: Position[]) => {
    if (ring.some(([, latitude]) => latitude! < -85)) return ring;
    let turn = 0;
    return ring.map((point, at) => {
      const step = at === 0 ? 0 : point[0]! - ring[at - 1]![0]!;
      if (step > 180) turn -= 360;
      else if (step < -180) turn += 360;
      return turn === 0 ? point : [point[0]! + turn, point[1]!];
    });
  };
  for (const { geometry } of countries.features) {
    if (geometry.type === "Polygon") geometry.coordinates = geometry.coordinates.map(straight);
    else if (geometry.type === "MultiPolygon")
      geometry.coordinates = geometry.coordinates.map((rings) => rings.map(straight));
  }
  return countries;
}

// The countries, called as `language` calls them.
export async function world(fine: boolean, language: string): Promise<World> {
  const countries = await read(fine);
  const called = namesIn(language);
  const labels = countries.features.flatMap((country) => {
    const ring = largest(country.geometry as Polygon | MultiPolygon);
    const name = called(country.properties.name);
    if (!ring || !name) return [];
    const { centre, area } = middle(ring);
    return [
      {
        type: "Feature" as const,
        geometry: { type: "Point" as const, coordinates: centre },
        properties: { name, rank: -area },
      },
    ];
  });
  return { countries, labels: { type: "FeatureCollection", features: labels } };
}

function areaOf(ring: Position[]): number {
  let sum = 0;
  for (let at = 0; at + 1 < ring.length; at++)
    sum += ring[at]![0]! * ring[at + 1]![1]! - ring[at + 1]![0]! * ring[at]![1]!;
  return sum / 2;
}

function largest(geometry: Polygon | MultiPolygon): Position[] | undefined {
  const rings =
    geometry.type === "Polygon"
      ? [geometry.coordinates[0]]
      : geometry.coordinates.map((polygon) => polygon[0]);
  return rings
    .filter((ring): ring is Position[] => ring !== undefined)
    .sort((one, other) => Math.abs(areaOf(other)) - Math.abs(areaOf(one)))[0];
}

function middle(ring: Position[]): { centre: [number, number]; area: number } {
  const area = areaOf(ring);
  let [x, y] = [0, 0];
  for (let at = 0; at + 1 < ring.length; at++) {
    const [x0, y0] = ring[at] as [number, number];
    const [x1, y1] = ring[at + 1] as [number, number];
    const cross = x0 * y1 - x1 * y0;
    x += (x0 + x1) * cross;
    y += (y0 + y1) * cross;
  }
  return {
    centre: area ? [x / (6 * area), y / (6 * area)] : (ring[0] as [number, number]),
    area: Math.abs(area),
  };
}
