// The people of an organisation, and what is done with them.
import { api, asked, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { ask, tellDone, tellProblem } from "@kit/ui/feedback";
import i18next from "i18next";

export type Person = components["schemas"]["Person"];
export type NewPerson = components["schemas"]["NewPerson"];
export type Role = components["schemas"]["Role"];

// Nobody signs in as an integration: that is what keys are for.
export const ROLES: Role[] = ["owner", "operator", "support", "read_only"];

export const peopleQuery = asked(["people"], (signal) =>
  api.GET("/api/v1/people", { params: { query: { limit: 200 } }, signal }),
);

export const peopleChanged = () => queries.invalidateQueries({ queryKey: peopleQuery.queryKey });

const t = (key: string, values: Record<string, unknown> = {}) => i18next.t(key, values);
const at = (person: Person) => ({ params: { path: { person_id: person.id } } });

async function doing(deed: Promise<unknown>, done: string, undo?: () => void): Promise<void> {
  try {
    await deed;
    tellDone(done, undo);
  } catch (error) {
    tellProblem(error);
  } finally {
    await peopleChanged();
  }
}

export const nameOf = (person: Person): string => person.name || person.login;

export function setActive(person: Person, active: boolean): Promise<void> {
  const put = (value: boolean) =>
    data(api.PATCH("/api/v1/people/{person_id}", { ...at(person), body: { active: value } }));
  return doing(
    put(active),
    t(active ? "people.activated" : "people.deactivated", { name: nameOf(person) }),
    () => void doing(put(!active), t("people.undone")),
  );
}

export function inviteAgain(person: Person): Promise<void> {
  return doing(
    data(api.POST("/api/v1/people/{person_id}/invitation", at(person))),
    t("people.invited", { name: nameOf(person) }),
  );
}

export function removeFactors(person: Person): void {
  ask({
    title: t("people.remove_factors"),
    text: t("people.remove_factors_text", { name: nameOf(person) }),
    action: t("people.remove_factors_do"),
    danger: true,
    onYes: () =>
      doing(
        data(api.DELETE("/api/v1/people/{person_id}/second-factors", at(person))),
        t("people.factors_removed", { name: nameOf(person) }),
      ),
  });
}

export function remove(person: Person): void {
  ask({
    title: t("people.remove"),
    text: t("people.remove_text", { name: nameOf(person) }),
    action: t("people.remove_do"),
    danger: true,
    onYes: () =>
      doing(
        data(api.DELETE("/api/v1/people/{person_id}", at(person))),
        t("people.removed", { name: nameOf(person) }),
      ),
  });
}

export function newPassword(person: Person, show: (made: NewPerson) => void): void {
  ask({
    title: t("people.new_password"),
    text: t("people.new_password_text", { name: nameOf(person) }),
    action: t("people.new_password_do"),
    onYes: async () => {
      try {
        show(await data(api.POST("/api/v1/people/{person_id}/one-time-password", at(person))));
      } catch (error) {
        tellProblem(error);
      } finally {
        await peopleChanged();
      }
    },
  });
}
