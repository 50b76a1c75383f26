// What the driver's API answers.
export interface Why {
  code: string;
  text: string;
}
export interface Price {
  text: string;
}
export interface Connector {
  number: number;
  standard: string;
  format: "socket" | "cable";
  power_type: string;
  max_power_w?: number | null;
}
export interface Evse {
  code: string;
  name: string;
  state: string;
  since?: string | null;
  connectors: Connector[];
  price?: Price | null;
  reservable: boolean;
  can_start: boolean;
}
export interface PlaceFacts {
  id: string;
  name: string;
  address: string;
  city: string;
  distance_m?: number | null;
  latitude?: number | null;
  longitude?: number | null;
  open_now?: boolean | null;
  available: number;
  max_power_w?: number | null;
  standards: string[];
  price?: Price | null;
  photo_url?: string | null;
}
export interface Place extends PlaceFacts {
  evses: number;
}
export interface OpeningPeriod {
  weekday: number;
  begins: string;
  ends: string;
}
export interface PlaceDetails extends PlaceFacts {
  time_zone: string;
  opening_hours: OpeningPeriod[];
  facilities: string[];
  photos: string[];
  evses: Evse[];
  waiting: number;
}
export interface PlaceMark {
  id: string;
  lat: number;
  lon: number;
  name: string;
  evses: number;
  available: number;
  max_power_w?: number | null;
  standards: string[];
}
export interface EvseFound {
  place: Place;
  evse: Evse;
  can_start: boolean;
  why?: Why | null;
  price?: Price | null;
  session_id?: string | null;
}
export interface Cost {
  text: string;
  minor_units: number;
  currency: string;
  final: boolean;
}
export interface DriverSession {
  id: string;
  number?: number | null;
  state: SessionState;
  why?: Why | null;
  place: { id: string; name: string; address: string };
  evse_code: string;
  started_at?: string | null;
  ended_at?: string | null;
  duration_s: number;
  energy_wh: number;
  power_w?: number | null;
  soc?: number | null;
  cost?: Cost | null;
  can_stop: boolean;
  stale: boolean;
}
export type SessionState =
  | "starting"
  | "plug_in"
  | "charging"
  | "paused_by_vehicle"
  | "paused_by_station"
  | "finished"
  | "ending"
  | "ended"
  | "failed";
export interface CurvePoint {
  at: string;
  power_w?: number | null;
  energy_wh?: number | null;
  soc?: number | null;
}
export interface Receipt {
  organisation: string;
  number: number;
  place: { id: string; name: string; address: string };
  evse_code: string;
  started_at: string;
  ended_at: string;
  time_zone: string;
  duration_s: number;
  idle_s: number;
  energy_wh: number;
  meter_start_wh?: number | null;
  meter_stop_wh?: number | null;
  certain: boolean;
  token: string;
  cost?: Cost | null;
}
export interface Passkey {
  id: string;
  name: string;
  created_at: string;
  last_used_at?: string | null;
}
export interface Card {
  id: string;
  uid: string;
  name: string;
  active: boolean;
}
export interface Me {
  id: string;
  guest: boolean;
  email: string;
  name: string;
  language: string;
  csrf_token: string;
  passkeys: Passkey[];
  cards: Card[];
}
export interface Reservation {
  id: string;
  number: number;
  state: string;
  place: { id: string; name: string; address: string };
  evse_code: string;
  from: string;
  until: string;
  open: boolean;
  reason: string;
}
export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}
export type Legal = Record<string, string>;
export interface Site {
  branding: {
    name: string;
    support_email: string;
    support_phone: string;
    legal: { imprint: Legal; privacy: Legal; terms: Legal };
  };
  vapid_public_key: string;
  languages: string[];
  guests: boolean;
  mail: boolean;
}
export interface Waiting {
  id: string;
  place: { id: string; name: string; address: string };
  // 1 is next; null once called or gone.
  position?: number | null;
  reservation_id?: string | null;
  joined_at: string;
}
