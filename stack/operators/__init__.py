"""Simulated operators: invented feeds in the real formats, with the defects that real feeds have.

How to add the simulated operator of a dataset, touching no file of another feed:

1. ``stack/operators/<topic>.py``: pure generators. What they make depends on the seed, the instant or the day, and the
   thing measured, never on what was asked for: `numpy.random.default_rng([seed, <number of this feed>, …])`, so that
   the same instant gives the same values again. Defects come at the rates of :class:`~stack.operators.defects.Defects`.
2. ``stack/operators/feeds/<dataset>.py`` (underscores for hyphens): how that is delivered, by any of

   * ``routes(app, world)``: adds HTTP routes. Always there, whatever is shown;
   * ``files(world)``: drops what has been delivered by now, with :meth:`World.drop_file` (or :meth:`World.send_file`,
     for SFTP). Called at each start and once an hour: a file that is there stays as it is;
   * ``messages(world, instant)``, ``posts(world, start)``: for MQTT and for the inbox, see
     :mod:`stack.operators.protocols`;
   * ``consenting(size, seed, canaries)``: for a contract with `coverage`, who signed, as an Arrow array of texts in
     the feed's own writing; the stack records their consent.

3. How much there is comes from ``world.size``: `world.size.scaled(natural, least)` for all but the first three feeds.

4. Tests: ``tests/unit/operators/test_<dataset>.py`` (what it makes is read by the contract's decoder, but for the
   planted defects) and ``tests/unit/pipeline/feeds/test_<dataset>.py`` (the journey in memory, to what is open).

The modules of ``feeds`` are found by their names. Files are dropped for what ``demo.yaml`` of the territory lists, and
for all with ``ardoise demo --all``, which takes a hundredth of each natural size.
"""
