// What can be done with somebody.
import { ActionIcon, Menu } from "@mantine/core";
import {
  IconDots,
  IconKey,
  IconMail,
  IconPencil,
  IconShieldOff,
  IconTrash,
  IconUserCheck,
  IconUserOff,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import {
  inviteAgain,
  type NewPerson,
  nameOf,
  newPassword,
  type Person,
  remove,
  removeFactors,
  setActive,
} from "./people";

interface Props {
  person: Person;
  self: boolean;
  onChange: (person: Person) => void;
  onPassword: (made: NewPerson) => void;
}

export function PersonMenu({ person, self, onChange, onPassword }: Props) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          c="inherit"
          size="lg"
          aria-label={t("people.actions", { name: nameOf(person) })}
        >
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => onChange(person)}>
          {t("people.change")}
        </Menu.Item>
        {person.invited_until && (
          <Menu.Item leftSection={<IconMail size={16} />} onClick={() => inviteAgain(person)}>
            {t("people.invite_again")}
          </Menu.Item>
        )}
        {!self && (
          <>
            <Menu.Item leftSection={<IconKey size={16} />} onClick={() => newPassword(person, onPassword)}>
              {t("people.new_password")}
            </Menu.Item>
            {person.second_factor && (
              <Menu.Item leftSection={<IconShieldOff size={16} />} onClick={() => removeFactors(person)}>
                {t("people.remove_factors")}
              </Menu.Item>
            )}
            <Menu.Item
              leftSection={person.active ? <IconUserOff size={16} /> : <IconUserCheck size={16} />}
              onClick={() => setActive(person, !person.active)}
            >
              {person.active ? t("people.deactivate") : t("people.activate")}
            </Menu.Item>
            <Menu.Divider />
            <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => remove(person)}>
              {t("people.remove")}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
