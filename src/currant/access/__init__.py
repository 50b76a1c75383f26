"""Who may charge where: tokens, groups, accounts, and the decision that says why."""
