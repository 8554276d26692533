/**
 * The place after which a region's resources are named: every commercial region that the SDK's own partition table
 * knows, in its order. Short, lower case and usable in a bucket's name.
 */
export const places: Readonly<Record<string, string>> = {
  'af-south-1': 'cape-town',
  'ap-east-1': 'hong-kong',
  'ap-east-2': 'taipei',
  'ap-northeast-1': 'tokyo',
  'ap-northeast-2': 'seoul',
  'ap-northeast-3': 'osaka',
  'ap-south-1': 'mumbai',
  'ap-south-2': 'hyderabad',
  'ap-southeast-1': 'singapore',
  'ap-southeast-2': 'sydney',
  'ap-southeast-3': 'jakarta',
  'ap-southeast-4': 'melbourne',
  'ap-southeast-5': 'malaysia',
  'ap-southeast-6': 'new-zealand',
  'ap-southeast-7': 'thailand',
  'ca-central-1': 'canada',
  'ca-west-1': 'calgary',
  'eu-central-1': 'frankfurt',
  'eu-central-2': 'zurich',
  'eu-north-1': 'stockholm',
  'eu-south-1': 'milan',
  'eu-south-2': 'spain',
  'eu-west-1': 'ireland',
  'eu-west-2': 'london',
  'eu-west-3': 'paris',
  'il-central-1': 'tel-aviv',
  'me-central-1': 'uae',
  'me-south-1': 'bahrain',
  'me-west-1': 'saudi-arabia',
  'mx-central-1': 'mexico',
  'sa-east-1': 'sao-paulo',
  'sa-west-1': 'chile',
  'us-east-1': 'virginia',
  'us-east-2': 'ohio',
  'us-west-1': 'california',
  'us-west-2': 'oregon',
};

/** `us-west-2` → `oregon`. A region that the table lacks stands for itself, so a new one can be used at once. */
export function placeOf(region: string): string {
  return places[region] ?? region;
}
