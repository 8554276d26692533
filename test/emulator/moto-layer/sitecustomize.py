"""What moto lacks of the work of STEP 1-15, added inside its server for any client alike.

Python imports a module of this name before anything else when its folder is on PYTHONPATH; moto's own files stay
as they were installed. Everything here follows AWS's documentation, never what our own client happens to send.
Logging, latency, kills and lost answers are not here: the proxy in front does those for every emulator.

Made for the moto version that ../install.sh pins. A moved internal is an ImportError or an AttributeError at the
start, and so a failing start instead of a quietly missing layer.
"""

import sys


def refusal(base, code, message):
    """An error of the service's own exception family, so that moto renders it in that service's wire format."""
    error = type(code, (base,), {"code": code})(message)
    error.code = code
    return error


def elasticache_user_groups():
    """CreateUserGroup, DescribeUserGroups, ModifyUserGroup, DeleteUserGroup, which moto does not know."""
    import re

    from moto.core.responses import ActionResult
    from moto.elasticache.exceptions import ElastiCacheException, UserNotFound
    from moto.elasticache.models import ElastiCacheBackend
    from moto.elasticache.responses import ElastiCacheResponse

    def groups(backend):
        return backend.__dict__.setdefault("user_groups", {})

    def group(backend, group_id):
        if group_id not in groups(backend):
            raise refusal(ElastiCacheException, "UserGroupNotFound", f"User group {group_id} not found.")
        return groups(backend)[group_id]

    def members(backend, engine, user_ids):
        for user_id in user_ids:
            if user_id not in backend.users:
                raise UserNotFound(user_id)
        users = [backend.users[user_id] for user_id in user_ids]
        names = [user.name for user in users]
        if len(set(names)) < len(names):
            raise refusal(ElastiCacheException, "DuplicateUserName", "Two users of a user group share a user name.")
        if engine == "redis" and "default" not in names:
            raise refusal(ElastiCacheException, "DefaultUserRequired", "A user named default must be in the group.")
        if engine == "redis" and any(user.engine != "redis" for user in users):
            raise refusal(ElastiCacheException, "InvalidParameterValue", "A redis group takes redis users only.")

    def shown(backend, found):
        using = [k for k, r in backend.replication_groups.items() if found["UserGroupId"] in r.user_group_ids]
        return {**found, "ReplicationGroups": using}

    def create_user_group(self):
        params, backend = self._get_params(), self.elasticache_backend
        group_id, engine = params["UserGroupId"].lower(), params.get("Engine", "").lower()
        user_ids = list(params.get("UserIds", []))
        if engine not in ("redis", "valkey"):
            raise refusal(ElastiCacheException, "InvalidParameterValue", f"Unknown engine {engine!r}.")
        if group_id in groups(backend):
            raise refusal(ElastiCacheException, "UserGroupAlreadyExists", f"User group {group_id} already exists.")
        members(backend, engine, user_ids)
        arn = f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:usergroup:{group_id}"
        groups(backend)[group_id] = {
            "UserGroupId": group_id,
            "Status": "active",
            "Engine": engine,
            "UserIds": user_ids,
            "MinimumEngineVersion": "7.2" if engine == "valkey" else "6.0",
            "ARN": arn,
        }
        for user_id in user_ids:
            backend.users[user_id].user_group_ids.append(group_id)
        if params.get("Tags"):
            backend.tagging_service.tag_resource(arn, params["Tags"])
        return ActionResult(shown(backend, groups(backend)[group_id]))

    def describe_user_groups(self):
        backend, group_id = self.elasticache_backend, self._get_params().get("UserGroupId")
        found = [group(backend, group_id)] if group_id else list(groups(backend).values())
        return ActionResult({"UserGroups": [shown(backend, one) for one in found]})

    def modify_user_group(self):
        params, backend = self._get_params(), self.elasticache_backend
        found = group(backend, params["UserGroupId"])
        adding, removing = params.get("UserIdsToAdd", []), params.get("UserIdsToRemove", [])
        after = [u for u in found["UserIds"] if u not in removing] + [u for u in adding if u not in found["UserIds"]]
        members(backend, found["Engine"], after)
        for user_id in removing:
            backend.users[user_id].user_group_ids.remove(found["UserGroupId"])
        for user_id in after:
            if found["UserGroupId"] not in backend.users[user_id].user_group_ids:
                backend.users[user_id].user_group_ids.append(found["UserGroupId"])
        found["UserIds"] = after
        return ActionResult(shown(backend, found))

    def delete_user_group(self):
        backend = self.elasticache_backend
        found = shown(backend, group(backend, self._get_params().get("UserGroupId")))
        if found["ReplicationGroups"]:
            raise refusal(
                ElastiCacheException,
                "InvalidUserGroupState",
                f"User group {found['UserGroupId']} is associated with {', '.join(found['ReplicationGroups'])}.",
            )
        groups(backend).pop(found["UserGroupId"])
        for user_id in found["UserIds"]:
            if user_id in backend.users:
                backend.users[user_id].user_group_ids.remove(found["UserGroupId"])
        return ActionResult({**found, "Status": "deleting"})

    for operation in (create_user_group, describe_user_groups, modify_user_group, delete_user_group):
        setattr(ElastiCacheResponse, operation.__name__, operation)

    # Tags of a user group are asked for by an ARN that moto refuses as malformed.
    begin = ElastiCacheBackend.__init__

    def init(self, *args, **kwargs):
        begin(self, *args, **kwargs)
        self.arn_regex = re.compile(self.arn_regex.pattern.replace("|user)", "|user|usergroup)"))

    ElastiCacheBackend.__init__ = init


def elasticache_deletes():
    """DeleteCacheSubnetGroup, which moto does not know, and the deletes that it begins and never ends."""
    from moto.core.responses import EmptyResult
    from moto.elasticache.exceptions import CacheSubnetGroupNotFound, ElastiCacheException
    from moto.elasticache.models import ElastiCacheBackend
    from moto.elasticache.responses import ElastiCacheResponse

    def delete_cache_subnet_group(self):
        backend, name = self.elasticache_backend, self._get_param("CacheSubnetGroupName")
        if name not in backend.cache_subnet_groups:
            raise CacheSubnetGroupNotFound(name)
        users = list(backend.replication_groups.values()) + list(backend.cache_clusters.values())
        if any(user.cache_subnet_group_name == name for user in users):
            raise refusal(ElastiCacheException, "CacheSubnetGroupInUse", f"Cache subnet group {name} is in use.")
        backend.cache_subnet_groups.pop(name)
        return EmptyResult()

    ElastiCacheResponse.delete_cache_subnet_group = delete_cache_subnet_group

    replication_group = ElastiCacheBackend.delete_replication_group

    def delete_replication_group(self, replication_group_id, retain_primary_cluster):
        gone = replication_group(self, replication_group_id, retain_primary_cluster)
        self.replication_groups.pop(replication_group_id)
        return gone

    user = ElastiCacheBackend.delete_user

    def delete_user(self, user_id):
        known = self.users.get(user_id)
        if known and known.user_group_ids:
            raise refusal(ElastiCacheException, "InvalidUserState", f"User {user_id} is in a user group.")
        gone = user(self, user_id)
        self.users.pop(user_id)
        return gone

    ElastiCacheBackend.delete_replication_group = delete_replication_group
    ElastiCacheBackend.delete_user = delete_user


def rds_clusters():
    """A subnet group in use stays, a member has its cluster's subnet group, automated snapshots go with the cluster."""
    from moto.rds.exceptions import RDSClientError
    from moto.rds.models import RDSBackend

    create_instance = RDSBackend.create_db_instance

    def create_db_instance(self, kwargs):
        cluster = self.clusters.get(kwargs.get("db_cluster_identifier") or "")
        if cluster and not kwargs.get("db_subnet_group_name"):
            kwargs = {**kwargs, "db_subnet_group_name": cluster.db_subnet_group_name}
        return create_instance(self, kwargs)

    delete_group = RDSBackend.delete_subnet_group

    def delete_subnet_group(self, subnet_name):
        used = [c.db_subnet_group_name for c in self.clusters.values()]
        used += [i.db_subnet_group_name for i in self.databases.values()]
        if subnet_name in used:
            raise RDSClientError("InvalidDBSubnetGroupStateFault", f"DB subnet group {subnet_name} is in use.")
        return delete_group(self, subnet_name)

    delete_cluster = RDSBackend.delete_db_cluster

    def delete_db_cluster(self, cluster_identifier, *args, **kwargs):
        gone = delete_cluster(self, cluster_identifier, *args, **kwargs)
        for name, snapshot in list(self.cluster_snapshots.items()):
            if snapshot.snapshot_type == "automated" and snapshot.cluster.db_cluster_identifier == cluster_identifier:
                self.cluster_snapshots.pop(name)
        return gone

    RDSBackend.create_db_instance = create_db_instance
    RDSBackend.delete_subnet_group = delete_subnet_group
    RDSBackend.delete_db_cluster = delete_db_cluster


def ec2_images_and_tokens():
    """The filter client-token, and CreateImage with tags for its snapshots, both of which end as HTTP 500 in moto."""
    from moto.ec2 import utils
    from moto.ec2.models.amis import AmiBackend

    utils.filter_dict_attribute_mapping["client-token"] = "client_token"

    create = AmiBackend.create_image

    def create_image(self, instance_id, name, description, tag_specifications):
        image_tags = [s for s in tag_specifications if s["ResourceType"] != "snapshot"]
        image = create(self, instance_id, name, description, image_tags)
        for specification in tag_specifications:
            if specification["ResourceType"] == "snapshot":
                tags = {tag["Key"]: tag["Value"] for tag in specification["Tags"]}
                self.create_tags([image.ebs_snapshot.id], tags)
        return image

    AmiBackend.create_image = create_image


def ec2_ends():
    """What comes with an instance or a NAT gateway goes with it, and its address is free again."""
    from moto.ec2.exceptions import EC2ClientError
    from moto.ec2.models.instances import Instance
    from moto.ec2.models.nat_gateways import NatGatewayBackend
    from moto.ec2.responses.instances import InstanceResponse

    prepare = Instance.prep_nics

    def prep_nics(self, nic_spec, *args, **kwargs):
        cards = nic_spec or [{"DeviceIndex": 0}]
        for card in cards:
            card.setdefault("DeleteOnTermination", "NetworkInterfaceId" not in card)
        return prepare(self, cards, *args, **kwargs)

    parse = InstanceResponse._parse_block_device_mapping

    def parse_block_device_mapping(self):
        asked = self._get_param("BlockDeviceMappings", [])
        mappings = parse(self)
        for mapping, wanted in zip(mappings, asked, strict=True):
            mapping["Ebs"]["DeleteOnTermination"] = wanted.get("Ebs", {}).get("DeleteOnTermination", True)
        return mappings

    delete = NatGatewayBackend.delete_nat_gateway

    def delete_nat_gateway(self, nat_gateway_id):
        if nat_gateway_id not in self.nat_gateways:
            message = f"NAT gateway {nat_gateway_id} was not found"
            raise refusal(EC2ClientError, "NatGatewayNotFound", message)
        gone = delete(self, nat_gateway_id)
        for address in self.describe_addresses():
            if address.eni is gone._eni:
                self.disassociate_address(association_id=address.association_id)
        self.enis.pop(gone._eni.id, None)
        return gone

    Instance.prep_nics = prep_nics
    InstanceResponse._parse_block_device_mapping = parse_block_device_mapping
    NatGatewayBackend.delete_nat_gateway = delete_nat_gateway


def ec2_deletes():
    """A subnet's association ends with the subnet, and a key pair can be named by its id when it is deleted."""
    from moto.ec2.models.subnets import SubnetBackend
    from moto.ec2.responses.key_pairs import KeyPairs

    delete = SubnetBackend.delete_subnet

    def delete_subnet(self, subnet_id):
        gone = delete(self, subnet_id)
        for table in self.route_tables.values():
            ended = [key for key, target in table._associations.items() if target == subnet_id]
            for key in ended:
                table._associations.pop(key)
        return gone

    delete_named = KeyPairs.delete_key_pair

    def delete_key_pair(self):
        wanted = self._get_param("KeyPairId")
        for name, key_pair in list(self.ec2_backend.key_pairs.items()):
            if key_pair.id == wanted:
                self.ec2_backend.delete_key_pair(name)
        return delete_named(self)

    SubnetBackend.delete_subnet = delete_subnet
    KeyPairs.delete_key_pair = delete_key_pair


def s3_deletes():
    """A bucket's tags end with it; in moto they turn up again on the next bucket of that name."""
    from moto.s3.models import S3Backend

    delete = S3Backend.delete_bucket

    def delete_bucket(self, bucket_name):
        gone = delete(self, bucket_name)
        if gone:
            self.tagger.delete_all_tags_for_resource(gone.arn)
        return gone

    S3Backend.delete_bucket = delete_bucket


def iam_absences():
    """A role that is not in an instance profile cannot be removed from it: a refusal, which moto answers as HTTP 500."""
    from moto.iam.exceptions import NotFoundException
    from moto.iam.models import IAMBackend

    remove = IAMBackend.remove_role_from_instance_profile

    def remove_role_from_instance_profile(self, profile_name, role_name):
        if self.get_role(role_name) not in self.get_instance_profile(profile_name).roles:
            raise NotFoundException(f"Role {role_name} not found in instance profile {profile_name}.")
        return remove(self, profile_name, role_name)

    IAMBackend.remove_role_from_instance_profile = remove_role_from_instance_profile


# The variable is inherited by every Python process below; only the server has moto's modules to change.
if any("moto_server" in word for word in sys.orig_argv):
    elasticache_user_groups()
    elasticache_deletes()
    rds_clusters()
    ec2_images_and_tokens()
    ec2_ends()
    ec2_deletes()
    s3_deletes()
    iam_absences()
