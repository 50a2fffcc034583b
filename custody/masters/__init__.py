"""Where master keys are kept: a file, an HSM over PKCS#11, or Vault's transit engine."""

from custody.masters.keepers import Keeper, keeper

__all__ = ["Keeper", "keeper"]
