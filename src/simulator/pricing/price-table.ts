import { createHash } from 'node:crypto';

/** A line of AWS's price list: what is sold, and for how much a unit. */
export interface Product {
  service: string;
  sku: string;
  productFamily: string;
  attributes: Record<string, string>;
  unit: string;
  /** US dollars. */
  price: number;
  priceDescription: string;
}

/** Regions of the table. Both cost the same for everything in it. */
const regions: Record<string, { location: string; prefix: string }> = {
  'us-east-1': { location: 'US East (N. Virginia)', prefix: '' },
  'us-west-2': { location: 'US West (Oregon)', prefix: 'USW2-' },
};

const instances: [type: string, vcpu: number, memory: number, price: number][] = [
  ['t3.micro', 2, 1, 0.0104],
  ['t3.small', 2, 2, 0.0208],
  ['t3.medium', 2, 4, 0.0416],
  ['t3.large', 2, 8, 0.0832],
  ['t3.xlarge', 4, 16, 0.1664],
  ['t3.2xlarge', 8, 32, 0.3328],
  ['m5.large', 2, 8, 0.096],
  ['m5.xlarge', 4, 16, 0.192],
  ['m6i.large', 2, 8, 0.096],
];
const databases: [type: string, price: number][] = [
  ['db.t3.medium', 0.082],
  ['db.t3.large', 0.164],
  ['db.t4g.medium', 0.073],
  ['db.t4g.large', 0.146],
];
const caches: [type: string, redis: number, valkey: number][] = [
  ['cache.t4g.micro', 0.016, 0.0128],
  ['cache.t4g.small', 0.032, 0.0256],
  ['cache.t4g.medium', 0.065, 0.052],
  ['cache.r6g.large', 0.206, 0.1648],
];

type Line = Omit<Product, 'sku' | 'priceDescription'> & { usagetype: string; what: string };

function linesOf(prefix: string): Line[] {
  const line = (
    service: string,
    productFamily: string,
    usage: string,
    price: [unit: string, price: number],
    attributes: Record<string, string>,
    what = `${prefix}${usage}`,
  ): Line => ({
    service,
    productFamily,
    usagetype: `${prefix}${usage}`,
    unit: price[0],
    price: price[1],
    attributes,
    what,
  });
  return [
    ...instances.map(([instanceType, vcpu, memory, price]) =>
      line(
        'AmazonEC2',
        'Compute Instance',
        `BoxUsage:${instanceType}`,
        ['Hrs', price],
        {
          instanceType,
          vcpu: String(vcpu),
          memory: `${memory} GiB`,
          operatingSystem: 'Linux',
          preInstalledSw: 'NA',
          licenseModel: 'No License required',
          tenancy: 'Shared',
          capacitystatus: 'Used',
          marketoption: 'OnDemand',
          currentGeneration: 'Yes',
          instanceFamily: 'General purpose',
          operation: 'RunInstances',
        },
        `On Demand Linux ${instanceType} Instance Hour`,
      ),
    ),
    line('AmazonEC2', 'NAT Gateway', 'NatGateway-Hours', ['Hrs', 0.045], {
      group: 'NGW:NatGateway',
      operation: 'NatGateway',
    }),
    line('AmazonEC2', 'NAT Gateway', 'NatGateway-Bytes', ['GB', 0.045], {
      group: 'NGW:NatGateway',
      operation: 'NatGateway',
    }),
    line('AmazonEC2', 'Storage', 'EBS:VolumeUsage.gp3', ['GB-Mo', 0.08], {
      volumeApiName: 'gp3',
      volumeType: 'General Purpose',
      storageMedia: 'SSD-backed',
    }),
    line('AmazonEC2', 'Storage Snapshot', 'EBS:SnapshotUsage', ['GB-Mo', 0.05], { storageMedia: 'Amazon S3' }),
    line('AmazonVPC', 'VPC', 'PublicIPv4:InUseAddress', ['Hrs', 0.005], { group: 'VPCPublicIPv4Address' }),
    line('AmazonVPC', 'VPC', 'PublicIPv4:IdleAddress', ['Hrs', 0.005], { group: 'VPCPublicIPv4Address' }),
    line('AWSELB', 'Load Balancer-Application', 'LoadBalancerUsage', ['Hrs', 0.0225], {
      operation: 'LoadBalancing:Application',
    }),
    line('AWSELB', 'Load Balancer-Application', 'LCUUsage', ['LCU-Hrs', 0.008], {
      operation: 'LoadBalancing:Application',
    }),
    ...databases.map(([instanceType, price]) =>
      line('AmazonRDS', 'Database Instance', `InstanceUsage:${instanceType}`, ['Hrs', price], {
        instanceType,
        databaseEngine: 'Aurora MySQL',
        deploymentOption: 'Single-AZ',
        storage: 'EBS Only',
        licenseModel: 'No license required',
        currentGeneration: 'Yes',
      }),
    ),
    line('AmazonRDS', 'Database Storage', 'Aurora:StorageUsage', ['GB-Mo', 0.1], { databaseEngine: 'Aurora MySQL' }),
    line('AmazonRDS', 'System Operation', 'Aurora:StorageIOUsage', ['IOs', 0.0000002], {
      databaseEngine: 'Aurora MySQL',
    }),
    ...caches.flatMap(([instanceType, redis, valkey]) =>
      [
        ['Redis', redis],
        ['Valkey', valkey],
      ].map(([cacheEngine, price]) =>
        line('AmazonElastiCache', 'Cache Instance', `NodeUsage:${instanceType}`, ['Hrs', Number(price)], {
          instanceType,
          cacheEngine: String(cacheEngine),
          currentGeneration: 'Yes',
        }),
      ),
    ),
    line('AmazonEFS', 'Storage', 'TimedStorage-ByteHrs', ['GB-Mo', 0.3], { storageClass: 'General Purpose' }),
    line('AmazonS3', 'Storage', 'TimedStorage-ByteHrs', ['GB-Mo', 0.023], {
      storageClass: 'General Purpose',
      volumeType: 'Standard',
    }),
  ];
}

export const products: readonly Product[] = Object.entries(regions).flatMap(([regionCode, { location, prefix }]) =>
  linesOf(prefix).map(({ what, usagetype, ...line }) => {
    const identity = JSON.stringify([line.service, regionCode, usagetype, line.attributes]);
    return {
      ...line,
      sku: createHash('sha256').update(identity).digest('hex').slice(0, 16).toUpperCase(),
      priceDescription: `$${line.price} per ${what}`,
      attributes: {
        ...line.attributes,
        servicecode: line.service,
        regionCode,
        location,
        locationType: 'AWS Region',
        usagetype,
      },
    };
  }),
);
