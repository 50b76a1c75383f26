// The way there, in the map app that the phone has.
export function directionsTo(
  latitude: number,
  longitude: number,
  name: string,
  platform: string = navigator.userAgent,
): string {
  const at = `${latitude},${longitude}`;
  if (/iPhone|iPad|iPod|Macintosh/.test(platform)) return `https://maps.apple.com/?daddr=${at}`;
  if (/Android/.test(platform)) return `geo:${at}?q=${at}(${encodeURIComponent(name)})`;
  return `https://www.openstreetmap.org/directions?to=${encodeURIComponent(at)}`;
}
