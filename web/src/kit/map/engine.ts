// MapLibre with its worker, and the drawing that no page wants to know of.
import "maplibre-gl/dist/maplibre-gl.css";
import { type GeoJSONSource, Map as MapLibre, Marker, setWorkerUrl } from "maplibre-gl";
import workerAddress from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { type Cluster, clustered, type Place } from "./clusters";
import { drawMarker, lookOf, type Told } from "./markers";
import { type Scheme, styleOf, tilesOf } from "./style";
import { world } from "./world";

setWorkerUrl(workerAddress);

const FINE_FROM = 4;
const REDRAWN_EVERY_MS = 1000;
const CAPTIONS_FROM = 8;
const NEAREST = 18;

interface Drawn {
  marker: Marker;
  button: HTMLButtonElement;
  look: string;
  cluster: Cluster;
}

export interface Wishes {
  cluster: boolean;
  scheme: Scheme;
  selected: string | null;
  labelOf: (cluster: Cluster) => string;
  number: (value: number) => string;
  onCluster: (cluster: Cluster) => void;
}

export function newMap(container: HTMLElement, scheme: Scheme, words: Record<string, string>): MapLibre {
  return new MapLibre({
    container,
    style: styleOf(scheme, tilesOf(document)),
    center: [10, 30],
    zoom: 1,
    minZoom: 0.5,
    maxZoom: NEAREST,
    renderWorldCopies: false,
    attributionControl: tilesOf(document) ? { compact: true } : false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    locale: words,
  });
}

// The countries, as fine as one is near.
export class Ground {
  private shown = "";
  private readonly map: MapLibre;
  private readonly language: string;

  constructor(map: MapLibre, language: string) {
    this.map = map;
    this.language = language;
  }

  async show(force = false): Promise<void> {
    const fine = this.map.getZoom() >= FINE_FROM;
    const wanted = `${fine}`;
    if (!force && wanted === this.shown) return;
    this.shown = wanted;
    const { countries, labels } = await world(fine, this.language);
    if (this.shown !== wanted) return;
    (this.map.getSource("countries") as GeoJSONSource | undefined)?.setData(countries);
    (this.map.getSource("labels") as GeoJSONSource | undefined)?.setData(labels);
  }
}

// The markers of places: made, moved and taken away as one looks around; redrawn once a second at most.
export class Markers {
  private readonly map: MapLibre;
  private drawn = new Map<string, Drawn>();
  private clusters: Cluster[] = [];
  private made = "";
  private places: readonly Place[] = [];
  private wishes: Wishes;
  private changedAt = 0;
  private planned: ReturnType<typeof setTimeout> | undefined;
  private framed = 0;

  constructor(map: MapLibre, wishes: Wishes) {
    this.map = map;
    this.wishes = wishes;
  }

  // New wishes show at once, new states of places within a second.
  set(places: readonly Place[], wishes: Wishes): void {
    const wished = wishes.selected !== this.wishes.selected || wishes.scheme !== this.wishes.scheme;
    const first = this.places.length === 0;
    this.places = places;
    this.wishes = wishes;
    if (wished || first) {
      this.redraw();
      return;
    }
    if (this.planned) return;
    const rest = Math.max(0, this.changedAt + REDRAWN_EVERY_MS - Date.now());
    this.planned = setTimeout(() => this.redraw(), rest);
  }

  redraw(): void {
    clearTimeout(this.planned);
    this.planned = undefined;
    this.changedAt = Date.now();
    this.made = "";
    this.moved();
  }

  // Somebody looks elsewhere: at most once a frame.
  moved(): void {
    if (this.framed) return;
    this.framed = requestAnimationFrame(() => {
      this.framed = 0;
      this.draw();
    });
  }

  remove(): void {
    clearTimeout(this.planned);
    cancelAnimationFrame(this.framed);
    for (const each of this.drawn.values()) each.marker.remove();
    this.drawn.clear();
  }

  private draw(): void {
    const zoom = Math.floor(this.map.getZoom());
    if (this.made !== `${zoom}`) {
      const apart = !this.wishes.cluster || zoom >= NEAREST - 1;
      this.clusters = clustered(this.places, zoom, apart ? 0 : 56);
      this.made = `${zoom}`;
    }
    const bounds = this.map.getBounds();
    const [wide, high] = [
      (bounds.getEast() - bounds.getWest()) * 0.1,
      (bounds.getNorth() - bounds.getSouth()) * 0.1,
    ];
    const seen = new Map<string, Cluster>();
    for (const cluster of this.clusters)
      if (
        cluster.longitude >= bounds.getWest() - wide &&
        cluster.longitude <= bounds.getEast() + wide &&
        cluster.latitude >= bounds.getSouth() - high &&
        cluster.latitude <= bounds.getNorth() + high
      )
        seen.set(`${cluster.id}/${cluster.places.length}`, cluster);
    for (const [key, each] of this.drawn)
      if (!seen.has(key)) {
        each.marker.remove();
        this.drawn.delete(key);
      }
    for (const [key, cluster] of seen) this.put(key, cluster);
  }

  private put(key: string, cluster: Cluster): void {
    const single = cluster.places.length === 1 ? cluster.places[0] : undefined;
    const { selected, scheme, labelOf, number } = this.wishes;
    const chosen = selected !== null && cluster.places.some((place) => place.id === selected);
    const told: Told = {
      scheme,
      number,
      selected: chosen,
      label: labelOf(cluster),
      caption: single && (chosen || this.map.getZoom() >= CAPTIONS_FROM) ? single.name : "",
    };
    const look = lookOf(cluster, told);
    const known = this.drawn.get(key);
    if (known) {
      known.cluster = cluster;
      if (known.look === look) return;
      known.look = look;
      drawMarker(known.button, cluster, told);
      return;
    }
    const button = document.createElement("button");
    // The list beside the map is the way for keyboards.
    button.tabIndex = -1;
    drawMarker(button, cluster, told);
    const marker = new Marker({ element: button }).setLngLat([cluster.longitude, cluster.latitude]);
    const drawn: Drawn = { marker, button, look, cluster };
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      this.wishes.onCluster(drawn.cluster);
    });
    marker.addTo(this.map);
    // MapLibre calls every marker alike and makes it a stop for the keyboard.
    button.setAttribute("aria-label", told.label);
    button.tabIndex = -1;
    this.drawn.set(key, drawn);
  }
}
