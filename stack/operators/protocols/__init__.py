"""The servers and devices of simulated operators that are not HTTP services: one process, for `ardoise demo --all`.

* SFTP (:mod:`~stack.operators.protocols.sftp`): an account a credential, known by its key; the feeds' ``files``
  functions put files there with ``world.send_file(credential, "<folder>/<file>", make)``.
* MQTT 5 (:mod:`~stack.operators.protocols.mqtt`): a broker, and for each feed with ``messages(world, instant)`` and
  ``STEP`` what its sensors publish: pairs of the sensor's name and its message. The last two days are published when it
  starts, into the queues that the hub's subscribers have there; topics are ``<dataset>/<sensor>``.
* The inbox (:mod:`~stack.operators.protocols.push`): for each feed with ``posts(world, start)``, ``STEP`` and ``PATH``,
  what its gateway posts about the span that began at `start`: bodies in JSON, sent again until they are taken.
"""
