"""All routers, and the headings they stand under in the documentation."""

from currant.api.routes import health, keys, me, organisations, people

TAGS = {
    "Signing in": "People sign in with a password and get a cookie; programs send a key.",
    "Organisations": "Tenants: everything belongs to one, and none sees another's.",
    "People": "Who may sign in, and as what.",
    "Keys": "API keys for programs.",
    "Health": "For supervisors and load balancers.",
}

ROUTES = (
    health.router,
    me.router,
    organisations.router,
    people.router,
    keys.router,
)
