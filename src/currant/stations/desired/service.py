"""Desired state as the rest of Currant meets it: what is declared, how it is rolled out, how it stands, who brings it."""

import random
from collections.abc import Callable, Mapping, Sequence

from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.event import Event
from currant.stations.commands import CommandService
from currant.stations.desired.aspect import Aspect
from currant.stations.desired.books import Books
from currant.stations.desired.declaring import Declarations
from currant.stations.desired.overview import Overview
from currant.stations.desired.reconciler import Reconciler, ReconcilerConfig
from currant.stations.desired.rollouts import Rollouts
from currant.stations.desired.work import Busy
from currant.stations.directory import StationDirectory
from currant.stations.link import StationLink


class DesiredState:
    """Its four parts, made together because they share the books and the aspects."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        link: StationLink,
        commands: CommandService,
        busy: Busy,
        clock: Clock,
        *,
        aspects: Sequence[Aspect],
        config: ReconcilerConfig | None = None,
        chance: Callable[[], float] = random.random,
        stirs: Mapping[type[Event], str] | None = None,
    ) -> None:
        by_name = {aspect.name: aspect for aspect in aspects}
        assert len(by_name) == len(aspects), "Two aspects have the same name."
        self.aspects = by_name
        self.books = Books(database)
        self.declarations = Declarations(database, directory, self.books, by_name, clock)
        self.rollouts = Rollouts(database, directory, self.books, clock)
        self.overview = Overview(database, directory, self.books, by_name, clock)
        self.reconciler = Reconciler(
            database,
            directory,
            link,
            commands,
            busy,
            self.books,
            self.rollouts,
            by_name,
            clock,
            config or ReconcilerConfig(),
            chance=chance,
            stirs=stirs,
        )
