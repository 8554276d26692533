import type {
  DescribeAccountLimitsCommandInput,
  DescribeAccountLimitsCommandOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Noun, operation } from '../noun.ts';
import { elbPage } from './pages.ts';

/** AWS's default quotas under the names that `DescribeAccountLimits` gives them. */
const limits: Record<string, number> = {
  'application-load-balancers': 50,
  'listeners-per-application-load-balancer': 50,
  'targets-per-application-load-balancer': 1000,
  'target-groups-per-application-load-balancer': 100,
  'target-groups-per-action-on-application-load-balancer': 5,
  'target-id-registrations-per-application-load-balancer': 1000,
  'rules-per-application-load-balancer': 100,
  'certificates-per-application-load-balancer': 25,
  'condition-values-per-alb-rule': 5,
  'condition-wildcards-per-alb-rule': 6,
  'network-load-balancers': 50,
  'listeners-per-network-load-balancer': 50,
  'targets-per-network-load-balancer': 3000,
  'targets-per-availability-zone-per-network-load-balancer': 500,
  'certificates-per-network-load-balancer': 25,
  'gateway-load-balancers': 100,
  'gateway-load-balancers-per-vpc': 100,
  'geneve-target-groups': 100,
  'targets-per-availability-zone-per-gateway-load-balancer': 300,
  'target-groups': 3000,
  'targets-per-target-group': 1000,
};

export const accountLimits: Noun = {
  service: 'elbv2',
  operations: {
    DescribeAccountLimits: operation<DescribeAccountLimitsCommandInput, DescribeAccountLimitsCommandOutput>(
      ['Marker', 'PageSize'],
      (_scope, paging) => {
        const { page, next } = elbPage(Object.entries(limits), paging);
        return { Limits: page.map(([Name, max]) => ({ Name, Max: String(max) })), NextMarker: next };
      },
    ),
  },
};
