// The values of taking a charger in, as the API gives them.
import type { paths } from "@kit/api/schema";

export type Onboarding =
  paths["/api/v1/onboarding"]["post"]["responses"]["201"]["content"]["application/json"];
export type Progress =
  paths["/api/v1/onboarding/{station}"]["get"]["responses"]["200"]["content"]["application/json"];
export type Step = Progress["steps"][number];
export type Attempt = NonNullable<Progress["attempts"]>[number];
