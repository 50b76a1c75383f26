// What follows once somebody is signed in outside the sign-in page: the second step, or on to the pages.
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { Me } from "../../session";
import { type Answer, isTicket, type Ticket, welcome } from "./entering";
import { fragment } from "./returning";

export function useWelcome() {
  const navigate = useNavigate();
  const [ticket, setTicket] = useState<Ticket>();
  const enter = async (me: Me) => {
    await welcome(me);
    await navigate({ to: (me.second_factor_required ? "/second-factor" : "/") as "/" });
  };
  const answered = (answer: Answer) => (isTicket(answer) ? setTicket(answer) : enter(answer));
  return { ticket, enter, answered };
}

// The word of a mailed link stands behind the `#`, where no server and no log sees it, and leaves the address at once.
export function useToken(): string {
  const [token] = useState(() => fragment().get("token") ?? "");
  useEffect(() => {
    if (token) window.history.replaceState(window.history.state, "", window.location.pathname);
  }, [token]);
  return token;
}
