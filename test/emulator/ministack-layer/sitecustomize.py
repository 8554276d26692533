"""What ministack lacks of the work of STEP 1-15, added inside its server for any client alike.

As ../moto-layer does for moto: loaded by Python through PYTHONPATH, made for the version that ../install.sh pins,
following AWS's documentation and not what our own client happens to send.
"""

import sys


def ec2_deletes():
    """A key pair can be named by its id when it is deleted, and an instance takes its volumes along."""
    from ministack.services import ec2

    delete = ec2._ACTION_MAP["DeleteKeyPair"]

    def delete_key_pair(params):
        wanted = ec2._p(params, "KeyPairId")
        for name, key_pair in list(ec2._key_pairs.items()):
            if wanted and key_pair["KeyPairId"] == wanted:
                ec2._key_pairs.pop(name, None)
        return delete(params)

    terminate = ec2._ACTION_MAP["TerminateInstances"]

    def terminate_instances(params):
        answer = terminate(params)
        for instance_id in ec2._parse_member_list(params, "InstanceId"):
            instance = ec2._instances.get(instance_id) or {}
            if instance.get("State", {}).get("Name") != "terminated":
                continue
            for mapping in instance.get("BlockDeviceMappings", []):
                if mapping["Ebs"]["DeleteOnTermination"]:
                    ec2._volumes.pop(mapping["Ebs"]["VolumeId"], None)
        return answer

    ec2._ACTION_MAP["DeleteKeyPair"] = delete_key_pair
    ec2._ACTION_MAP["TerminateInstances"] = terminate_instances


def ec2_routes():
    """A subnet has one route table, a table one route for a range; ministack adds another one for each call."""
    from ministack.services import ec2

    associate = ec2._ACTION_MAP["AssociateRouteTable"]

    def associate_route_table(params):
        subnet_id = ec2._p(params, "SubnetId")
        held = [a for table in ec2._route_tables.values() for a in table["Associations"]]
        if subnet_id and any(a.get("SubnetId") == subnet_id for a in held):
            message = f"the specified association for {subnet_id} conflicts with an existing association"
            return ec2._error("Resource.AlreadyAssociated", message, 400)
        return associate(params)

    delete = ec2._ACTION_MAP["DeleteSubnet"]

    def delete_subnet(params):
        answer = delete(params)
        if answer[0] == 200:
            for table in ec2._route_tables.values():
                subnet_id = ec2._p(params, "SubnetId")
                table["Associations"] = [a for a in table["Associations"] if a.get("SubnetId") != subnet_id]
        return answer

    create = ec2._ACTION_MAP["CreateRoute"]

    def create_route(params):
        table = ec2._route_tables.get(ec2._p(params, "RouteTableId")) or {}
        wanted = ec2._p(params, "DestinationCidrBlock")
        if wanted and any(route.get("DestinationCidrBlock") == wanted for route in table.get("Routes", [])):
            return ec2._error("RouteAlreadyExists", f"The route identified by {wanted} already exists.", 400)
        return create(params)

    ec2._ACTION_MAP["AssociateRouteTable"] = associate_route_table
    ec2._ACTION_MAP["CreateRoute"] = create_route
    ec2._ACTION_MAP["DeleteSubnet"] = delete_subnet


# The variable is inherited by every Python process below; only the server has modules to change.
if any(word.endswith("/bin/ministack") for word in sys.orig_argv):
    ec2_deletes()
    ec2_routes()
