"""What an installation takes payments with: its services, the providers, who follows what, what is looked after."""

from currant.billing.payments.model import PAYMENT_EVENTS, MethodChanged, PaymentProviderChanged
from currant.kit.event import Event

PAYMENTS_FOLLOWED: tuple[type[Event], ...] = (PaymentProviderChanged,)
PAYMENTS_RECORDED: tuple[type[Event], ...] = (*PAYMENT_EVENTS, MethodChanged)
"""Those who charge react to them; not everybody who may follow the network may know who pays."""
