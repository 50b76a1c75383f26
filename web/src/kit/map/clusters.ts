// Places that would overlap on a map, drawn as one with what they have together.
//
// Pure, and steady: what belongs together depends on the zoom alone, not on where one looks.
import { STATE_COLOURS, type State } from "../branding";

export interface Place {
  id: string;
  name: string;
  latitude: number;
  longitude: number;
  // How many stations (or connectors) of it are in which state.
  states: Partial<Record<State, number>>;
}

export interface Cluster {
  // The same as long as the same place comes first in it.
  id: string;
  latitude: number;
  longitude: number;
  places: Place[];
  states: Partial<Record<State, number>>;
  total: number;
}

export const TILE = 512;

// The worst first: in this order states are drawn, told and looked for.
export const BY_URGENCY: readonly State[] = [
  "faulted",
  "offline",
  "pending",
  "unavailable",
  "unknown",
  "charging",
  "occupied",
  "reserved",
  "available",
];
export const WORRYING: readonly State[] = ["faulted", "offline", "pending"];

// Web Mercator, as shares of the world's width.
export function projected(latitude: number, longitude: number): [x: number, y: number] {
  const bounded = Math.max(-85.0511, Math.min(85.0511, latitude));
  const sine = Math.sin((bounded * Math.PI) / 180);
  return [longitude / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

export const totalOf = (states: Partial<Record<State, number>>): number =>
  Object.values(states).reduce((sum, count) => sum + count, 0);

// The worst state that anything here has, if it is one to look after.
export const worstOf = (states: Partial<Record<State, number>>): State | undefined =>
  WORRYING.find((state) => states[state]);

export const inOrder = (states: Partial<Record<State, number>>): [State, number][] =>
  BY_URGENCY.filter((state) => states[state]).map((state) => [state, states[state]!]);

function gathered(places: Place[]): Cluster {
  const states: Partial<Record<State, number>> = {};
  let [latitude, longitude] = [0, 0];
  for (const place of places) {
    latitude += place.latitude;
    longitude += place.longitude;
    for (const state of Object.keys(place.states) as State[])
      if (state in STATE_COLOURS) states[state] = (states[state] ?? 0) + (place.states[state] ?? 0);
  }
  return {
    id: places[0]!.id,
    latitude: latitude / places.length,
    longitude: longitude / places.length,
    places,
    states,
    total: totalOf(states),
  };
}

// Every place once, with those nearer than `radius` pixels at this zoom.
export function clustered(places: readonly Place[], zoom: number, radius = 56): Cluster[] {
  if (radius <= 0) return places.map((place) => gathered([place]));
  const reach = radius / (TILE * 2 ** zoom);
  const points = places.map((place) => projected(place.latitude, place.longitude));
  const cells = new Map<string, number[]>();
  const cellOf = (point: [number, number]) => [Math.floor(point[0] / reach), Math.floor(point[1] / reach)];
  points.forEach((point, at) => {
    const key = cellOf(point).join();
    const cell = cells.get(key);
    if (cell) cell.push(at);
    else cells.set(key, [at]);
  });
  const taken = new Uint8Array(places.length);
  const found: Cluster[] = [];
  points.forEach((point, at) => {
    if (taken[at]) return;
    taken[at] = 1;
    const members = [places[at]!];
    const [column, row] = cellOf(point) as [number, number];
    for (let x = column - 1; x <= column + 1; x++)
      for (let y = row - 1; y <= row + 1; y++)
        for (const other of cells.get(`${x},${y}`) ?? []) {
          const near = points[other]!;
          if (taken[other] || Math.hypot(near[0] - point[0], near[1] - point[1]) > reach) continue;
          taken[other] = 1;
          members.push(places[other]!);
        }
    found.push(gathered(members));
  });
  return found;
}

// The corners of what holds all of them: [west, south], [east, north].
export function boundsOf(
  places: readonly { latitude: number; longitude: number }[],
): [[number, number], [number, number]] | undefined {
  if (places.length === 0) return undefined;
  const west = Math.min(...places.map((place) => place.longitude));
  const east = Math.max(...places.map((place) => place.longitude));
  const south = Math.min(...places.map((place) => place.latitude));
  const north = Math.max(...places.map((place) => place.latitude));
  return [
    [west, south],
    [east, north],
  ];
}
