// The camera's picture, looked at four times a second until there is a code in it.
import { IconBulb, IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, Note } from "../ui/parts";
import { newReader } from "./reader";

const EVERY_MS = 250;

export function Camera({ onRead, onClose }: { onRead: (text: string) => boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const place = useRef<HTMLVideoElement>(null);
  const [problem, setProblem] = useState("");
  const [other, setOther] = useState(false);
  const [lamp, setLamp] = useState<{ track: MediaStreamTrack; on: boolean } | null>(null);
  const latest = useRef(onRead);
  latest.current = onRead;
  useEffect(() => {
    let gone = false;
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = async () => {
      if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "NotFoundError");
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 1280 } },
      });
      const video = place.current;
      if (gone || !video) return stop();
      video.srcObject = stream;
      await video.play();
      const track = stream.getVideoTracks()[0];
      const can = track?.getCapabilities?.() as { torch?: boolean } | undefined;
      if (track && can?.torch) setLamp({ track, on: false });
      const read = await newReader();
      const look = async () => {
        if (gone) return;
        const text = await read(video).catch(() => null);
        if (gone) return;
        if (text && latest.current(text)) return;
        setOther(Boolean(text));
        timer = setTimeout(look, EVERY_MS);
      };
      look();
    };
    const stop = () => {
      clearTimeout(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    begin().catch((error: unknown) => {
      const name = error instanceof DOMException ? error.name : "";
      if (!gone) setProblem(name === "NotAllowedError" ? "scan.refused" : "scan.no_camera");
      stop();
    });
    return () => {
      gone = true;
      stop();
    };
  }, []);
  const toggle = async () => {
    if (!lamp) return;
    const on = !lamp.on;
    await lamp.track
      .applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] })
      .then(() => setLamp({ ...lamp, on }))
      .catch(() => setLamp(null));
  };
  if (problem)
    return (
      <Note kind="warns" role="alert">
        <p>{t(problem === "scan.refused" ? "scan.refused" : "scan.no_camera")}</p>
      </Note>
    );
  return (
    <div className="stack">
      <div className="camera">
        <video ref={place} muted playsInline aria-label={t("scan.picture")} />
      </div>
      <p role="status">{t(other ? "scan.other_code" : "scan.aim")}</p>
      <div className="row">
        {lamp && (
          <Button className="grow" aria-pressed={lamp.on} onClick={toggle}>
            <IconBulb size={22} aria-hidden /> {t("scan.lamp")}
          </Button>
        )}
        <Button className="grow" onClick={onClose}>
          <IconX size={22} aria-hidden /> {t("scan.close")}
        </Button>
      </div>
    </div>
  );
}
