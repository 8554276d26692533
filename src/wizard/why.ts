/** What `?` shows: what an answer decides, and what the tutorial did. By the page of the wizard. */
export const why = {
  profile:
    'Which credentials to use, of those in the files of the AWS CLI. The tutorial worked in the console, as whoever was logged in.',
  preset:
    'A starting point: classes of the servers, the database and the cache, which is what the price is made of. Every one of them can be changed afterwards. The tutorial took t3.large nodes and a cache.r6g.large.',
  name: 'Stands in front of every name in the account, so that two deployments can live side by side. The tutorial’s is pms.',
  region:
    'Where everything is built. Near to whoever uses it is fastest; prices differ by up to a third. The tutorial took us-west-2 (Oregon).',
  zones:
    'Two availability zones, one node in each: when one fails, the other goes on. Shown are those that sell the servers and the database asked for; where the cache is sold AWS does not tell beforehand. The tutorial took a and c.',
  network:
    'A new VPC has everything it needs, and goes with the deployment. A VPC that is there is used as it is: nothing of it is tagged, changed or taken away, and its NAT gateway saves the price of a new one. The tutorial made 10.0.0.0/16. Blocks that overlap cannot be connected later.',
  access:
    'Who reaches the bastion, which is the only door: SSH and the log-in page. Everybody else is turned away by the security group. The tutorial opened everything to “my IP”, and so does this, with the ports that are used.',
  version:
    'The release of Apache Airflow, installed with the constraints of that release. The tutorial had 1.10; 1 and 2 have ended.',
  admin:
    'Logs in to Airflow with the role Admin. The password is generated and kept in the Parameter Store. The tutorial typed both by hand.',
  dags: 'The shared folder (EFS) is the tutorial’s: what is put there is on both nodes. A Git repository is fetched every minute instead, with a version for each run; for a private one, put a token or a deploy key in a parameter of your own, which the nodes alone read.',
  tls: 'Without TLS, passwords cross the internet readable. Self-signed: browsers warn once, since nobody vouches for it. With a certificate of yours for a name of yours, nobody warns. The tutorial had HTTP only.',
  finish: 'Nothing has been built or written yet. Esc goes back through the questions.',
} as const;
