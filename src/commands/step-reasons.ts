/** Why each step is there, and what became of the tutorial's way since October 2020. By the number of the step. */
export const stepReasons: Readonly<Record<number, { readonly why: string; readonly today: string }>> = {
  1: {
    why: 'A network of its own, which nothing else in the account reaches. DNS host names are on, since EFS is mounted by name.',
    today: 'As in the tutorial. A VPC that is there can be used instead.',
  },
  2: {
    why: 'What the internet may reach (the bastion) is apart from what it may not (nodes, database, cache), in two zones, so that one may fail.',
    today: 'As in the tutorial; both zones are checked to sell every class that is asked for.',
  },
  3: { why: 'The public subnet’s way to the internet and back.', today: 'As in the tutorial.' },
  4: {
    why: 'Public and private differ by where their route tables lead.',
    today: 'As in the tutorial; the private associations hold before anything is started there.',
  },
  5: {
    why: 'The address that the nodes are seen from outside.',
    today: 'As in the tutorial. AWS bills every public IPv4 address since 2024.',
  },
  6: {
    why: 'The nodes fetch packages from the internet without being reachable from it.',
    today: 'As in the tutorial. It is the dearest part of the network.',
  },
  7: {
    why: 'Who may talk to whom.',
    today:
      'The tutorial opened everything to “my IP” and to the whole VPC; now it is only the ports that are used, by reference to groups where possible.',
  },
  8: {
    why: 'SSH to the servers.',
    today:
      'The tutorial downloaded a .pem that AWS had made; now the key (ed25519) is made on this machine, so that AWS never has the private half.',
  },
  9: {
    why: 'The one server that the internet reaches: SSH goes through it, and so does the browser.',
    today: 'Amazon Linux 2023 in place of 2, which ended on 2026-06-30; IMDSv2 only, encrypted gp3 volumes.',
  },
  10: {
    why: 'The first of the two Airflow nodes, without a public address.',
    today: 'The tutorial copied the key to the bastion; now SSH jumps through it and the key stays here.',
  },
  11: {
    why: 'Spreads the browsers over the nodes and leaves out one that is ill.',
    today: 'Same; the health path is that of Airflow 3, stickiness stays on.',
  },
  12: {
    why: 'Airflow’s memory: DAG runs, tasks, users.',
    today:
      'Aurora MySQL 3 (MySQL 8.0) in place of 2.09, which left standard support on 2024-10-31; the smallest class is db.t4g.medium; encrypted.',
  },
  13: {
    why: 'The queue from which the workers of both nodes take tasks.',
    today:
      'Valkey (or Redis OSS 7.1) in place of Redis 5.0.6; TLS is on, and the user that the tutorial made is really attached.',
  },
  14: {
    why: 'Logs of tasks, readable whichever node ran them.',
    today:
      'Private and encrypted, its name made unique; a role lets the nodes in, where the tutorial typed access keys on each.',
  },
  15: {
    why: 'One folder of DAGs for both nodes.',
    today: 'Same, encrypted at rest and in transit.',
  },
  16: {
    why: 'Installs Airflow on node a, takes an image of it, starts node c from the image, and proves the whole.',
    today:
      'Airflow 3 with systemd units in place of 1.10 in open terminals. Two schedulers run side by side by row locks, so the failover controller is gone. Secrets are in the Parameter Store, never typed.',
  },
};
