// Nothing is free: be told when something is.
import { IconHourglass } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { tell, useMe } from "../app/api";
import { Link } from "../app/router";
import type { PlaceDetails, Waiting } from "../app/types";
import { Button, Note, Problem } from "../ui/parts";

export function WaitHere({ place }: { place: PlaceDetails }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const { data: me } = useMe();
  const wait = useMutation({
    mutationFn: () => tell<Waiting>("POST", "/waiting", { place_id: place.id }),
    onSuccess: () => {
      cache.invalidateQueries({ queryKey: ["place", place.id] });
      cache.invalidateQueries({ queryKey: ["reservations"] });
    },
  });
  if (wait.data)
    return (
      <Note icon={IconHourglass} role="status">
        <p>{t("place.on_list")}</p>
        <Link to="/reservations">{t("place.to_reservations")}</Link>
      </Note>
    );
  if (!me || me.guest)
    return (
      <Note icon={IconHourglass}>
        <p>{t("place.wait_signed_in")}</p>
        <Link to={`/sign-in?then=${encodeURIComponent(`/place/${place.id}`)}`}>{t("place.sign_in")}</Link>
      </Note>
    );
  return (
    <>
      <Button size="wide" busy={wait.isPending} onClick={() => wait.mutate()}>
        <IconHourglass size={22} aria-hidden /> {t("place.wait")}
      </Button>
      {wait.error && <Problem error={wait.error} />}
    </>
  );
}
