"""The tables of orders say what they show: no message is claimed that no order sends, and none is left out."""

import ast
from pathlib import Path

import pytest
import test_16_orders
import test_21_der_orders
import test_21_energy_orders
import test_21_file_orders
import test_21_model_orders
import test_21_orders
import test_21_trade_orders

MODULES = (
    test_16_orders,
    test_21_der_orders,
    test_21_energy_orders,
    test_21_file_orders,
    test_21_model_orders,
    test_21_orders,
    test_21_trade_orders,
)


def tables(path: Path) -> dict[str, set[str]]:
    """The name of a table to what the test that runs it claims to show."""
    found: dict[str, set[str]] = {}
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.AsyncFunctionDef):
            continue
        calls = [each for each in node.decorator_list if isinstance(each, ast.Call)]
        claimed = {
            str(arg.value)
            for each in calls
            if getattr(each.func, "id", "") == "shows"
            for arg in each.args
            if isinstance(arg, ast.Constant)
        }
        for each in calls:
            if getattr(each.func, "attr", "") == "parametrize" and isinstance(each.args[1], ast.Name):
                found[each.args[1].id] = claimed
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_table_shows_what_it_sends(module: object) -> None:
    path = Path(str(module.__file__))
    version = "1.6" if "_16_" in path.name else "2.1"
    shown = tables(path)
    assert shown
    for name, claimed in shown.items():
        sent = set()
        for order in getattr(module, name):
            sent |= {f"{version} {action}" for action in (order.action, *(part[0] for part in order.parts))}
        assert claimed == sent
