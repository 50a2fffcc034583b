"""Errors of the policies room."""


class PolicyError(Exception):
    """Root of every error about contracts and strategy."""


class ContractError(PolicyError):
    """A contract that can not be read, is not valid, or contradicts itself; says file, line and rule."""


class WeakContractError(ContractError):
    """A contract that asks for less protection than the strategy's floor."""


class StrategyError(PolicyError):
    """The strategy file can not be read or is not valid."""
