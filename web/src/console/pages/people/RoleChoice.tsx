// A role, with what it may do said in words.
import { Radio, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Role } from "./people";

interface Props {
  roles: Role[];
  value: Role;
  onChange: (role: Role) => void;
}

export function RoleChoice({ roles, value, onChange }: Props) {
  const { t } = useTranslation();
  return (
    <Radio.Group label={t("people.role")} value={value} onChange={(role) => onChange(role as Role)}>
      <Stack gap="sm" mt="xs">
        {roles.map((role) => (
          <Radio key={role} value={role} label={t(`roles.${role}`)} description={t(`roles.${role}_text`)} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
