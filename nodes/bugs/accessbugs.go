package bugs

const access = "coordinator/acl"

// accessBugs are those of access control and authentication.
var accessBugs = []Bug{
	{
		ID: ACLOnlyForDigest, Name: "acl-only-for-digest",
		Wrong:    "A list in which no entry is of scheme digest is taken for open: addresses and certificates keep nobody out.",
		Schedule: "A client sets a list that names an address only; another client uses the znode.",
		Breaks:   []string{"acl"},
		Scenario: access,
	},
	{
		ID: AddressMaskOffByOne, Name: "address-mask-off-by-one",
		Wrong:    "A range of addresses is compared by one bit less than it says, so that a neighbour passes for its owner.",
		Schedule: "A client sets a list that names the address of one client; the one next to it uses the znode.",
		Breaks:   []string{"acl"},
		Scenario: access,
	},
	{
		ID: ACLCheckedAfter, Name: "acl-checked-after",
		Wrong:    "setACL is judged by the list that it sets instead of the one that is in force: whoever names himself in it may take the znode.",
		Schedule: "A client without the permission to administer a znode gives it a list of its own.",
		Breaks:   []string{"acl", "no-auth"},
		Scenario: access,
	},
	{
		ID: MultiSkipsACL, Name: "multi-skips-acl",
		Wrong:    "The operations of a multi are not held against any list.",
		Schedule: "A client writes in a multi what it may not write alone.",
		Breaks:   []string{"acl"},
		Scenario: access,
	},
	{
		ID: DeleteChecksNode, Name: "delete-checks-node",
		Wrong:    "delete asks for the permission of the znode that goes instead of that of its parent.",
		Schedule: "A client deletes its own znode in a directory where it may not delete, or is refused in one where it may.",
		Breaks:   []string{"acl", "no-auth"},
		Scenario: access,
	},
	{
		ID: AuthNotReplayed, Name: "auth-not-replayed",
		Wrong:    "A client that reconnects does not authenticate again, though identities belong to a connection.",
		Schedule: "A client authenticates and moves to another server.",
		Breaks:   []string{"auth-kept"},
		Scenario: access,
	},
	{
		ID: ExistsUnchecked, Name: "exists-unchecked", Upstream: "ZOOKEEPER-2590",
		Wrong:    "exists answers with the Stat of a znode that the client may not read.",
		Schedule: "A client asks whether a znode exists that it may not read.",
		Breaks:   []string{"acl"},
		Scenario: access,
	},
	{
		ID: PasswordHashesShown, Name: "password-hashes-shown", Upstream: "ZOOKEEPER-1392",
		Wrong:    "getACL answers everybody, with the hashes of passwords (CVE-2019-0201).",
		Schedule: "A client asks for the list of a znode that it may read and not administer.",
		Breaks:   []string{"acl-masked", "acl"},
		Scenario: access,
	},
	{
		ID: IdentitiesOfAnother, Name: "identities-of-another",
		Wrong:    "A server forwards requests under the identities of whoever authenticated last there.",
		Schedule: "Two clients with different identities write through one server.",
		Breaks:   []string{"acl", "no-auth", "write-result"},
		Scenario: access,
	},
	{
		ID: CommittedACLOnly, Name: "committed-acl-only",
		Wrong:    "A request is judged by the list that is applied, although a setACL before it is proposed already: it takes effect after the permission was revoked. (ZooKeeper 3.9.5 does this.)",
		Schedule: "A client revokes a permission and makes use of it in one pipeline.",
		Breaks:   []string{"acl", "no-auth"},
		Scenario: access,
	},
	{
		ID: ACLLostInReplay, Name: "acl-lost-in-replay", Upstream: "ZOOKEEPER-4846",
		Wrong:    "The replay of a create whose znode the snapshot holds already leaves it the reference to a list that the snapshot does not hold.",
		Schedule: "A znode with a new list is created while a snapshot is written; the server restarts and serves it as if it were open.",
		Breaks:   []string{"acl", "read-result", "acl-masked"},
		Scenario: access,
	},
}
