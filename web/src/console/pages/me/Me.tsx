// One's own account: who one is, how one signs in, and where one is signed in.
import { Lines } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { SimpleGrid, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useMe } from "../../session";
import { Appearance } from "./Appearance";
import { Password } from "./Password";
import { Profile } from "./Profile";
import { SecondFactors } from "./SecondFactors";
import { SignIns } from "./SignIns";

export default function MePage() {
  const { t } = useTranslation();
  const me = useMe();
  return (
    <Page
      title={t("me.title")}
      subtitle={
        me &&
        t("me.subtitle", { login: me.login, role: t(`roles.${me.role}`), organisation: me.organisation })
      }
    >
      {me ? (
        <SimpleGrid cols={{ base: 1, lg: 2 }} style={{ alignItems: "start" }}>
          <Stack>
            <Profile me={me} />
            <Appearance />
            <Password />
          </Stack>
          <Stack>
            <SecondFactors />
            <SignIns />
          </Stack>
        </SimpleGrid>
      ) : (
        <Lines />
      )}
    </Page>
  );
}
