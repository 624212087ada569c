"""Accounts, repositories, their references and their discussions."""

import yaml
from hub_calls import API, PREFIXES, REVISION
from hub_repositories import HubError, PullRequest, Repository, read_card

# --- accounts and repositories ---------------------------------------------------------------------------------------


def tell_user(call):
    call.require_user()
    name, *organizations = call.user.namespaces
    token = {"displayName": "tests", "role": call.user.role, "createdAt": "2024-01-01T00:00:00.000Z"}
    return {
        "type": "user",
        "id": name,
        "name": name,
        "fullname": name,
        "orgs": [{"type": "org", "id": organization, "name": organization} for organization in organizations],
        "auth": {"type": "access_token", "accessToken": token},
    }


def read_repository_name(call) -> tuple[str, str]:
    type = call.json.get("type") or "model"
    call.require_user()
    namespace = call.json.get("organization") or call.user.namespaces[0]
    if namespace not in call.user.namespaces or call.user.role != "write":
        message = f'You don\'t have the rights to create a {type} under the namespace "{namespace}"'
        raise HubError(403, message)
    return type, f"{namespace}/{call.json['name']}"


def create_repository(call):
    type, id = read_repository_name(call)
    url = f"{call.hub.url}/{PREFIXES[type]}{id}"
    with call.hub.lock:
        if (type, id) in call.hub.repositories:
            raise HubError(409, f"You already created this {type} repo: {id}", url=url, id=id, name=id)
        private = call.json.get("visibility") == "private" or bool(call.json.get("private"))
        call.hub.repositories[type, id] = Repository(id, type, private)
    return {"url": url, "id": id, "name": id}


def delete_repository(call):
    type, id = read_repository_name(call)
    if call.hub.repositories.pop((type, id), None) is None:
        raise HubError(404, "Repository not found", "RepoNotFound")
    return b"OK"


def tell_repository(call, type, id, revision="main"):
    repository = call.find_repository(type, id)
    commit = repository.find_commit(revision)
    card = read_card(repository, commit)
    siblings: list[dict] = [{"rfilename": path} for path in sorted(commit.files)]
    if call.ask("blobs"):
        for sibling in siblings:
            file = commit.files[sibling["rfilename"]]
            sibling |= {"size": file.size, "blobId": file.oid}
            if file.sha256:
                sibling["lfs"] = {"sha256": file.sha256, "size": file.size, "pointerSize": len(file.data)}
    tags = [f"license:{card['license']}"] if isinstance(card.get("license"), str) else []
    info = {
        "id": id,
        "author": repository.namespace,
        "sha": commit.oid,
        "createdAt": repository.created,
        "lastModified": commit.date,
        "private": repository.private,
        "gated": "auto" if repository.gated else False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [*card.get("tags", []), *tags],
        "cardData": card,
        "siblings": siblings,
        "usedStorage": sum(map(len, repository.objects.values())),
    }
    wanted = call.query.get("expand", []) + call.query.get("expand[]", [])
    return {key: value for key, value in info.items() if not wanted or key in ("id", *wanted)}


def change_settings(call, type, id):
    repository = call.find_repository(type, id, write=True)
    if {"private", "visibility"} & call.json.keys():
        repository.private = call.json.get("visibility") == "private" or bool(call.json.get("private"))
    repository.gated = bool(call.json.get("gated", repository.gated))
    return call.json


def check_access(call, type, id, write=None):
    call.find_repository(type, id, write=bool(write), read_files=True)
    return b"OK"


def validate_card(call):
    """Only what YAML itself forbids, and licences that are not text."""
    parts = call.json["content"].split("---")
    try:
        card = yaml.safe_load(parts[1]) if parts[0] == "" and len(parts) > 2 else {}
    except yaml.YAMLError as error:
        raise HubError(400, "Invalid metadata", errors=[{"message": str(error)}], warnings=[]) from error
    if isinstance(card, dict) and not isinstance(card.get("license", ""), str | list):
        raise HubError(400, "Invalid metadata", errors=[{"message": '"license" must be a string'}], warnings=[])
    return {"errors": [], "warnings": []}


# --- references ------------------------------------------------------------------------------------------------------


def list_references(call, type, id):
    repository = call.find_repository(type, id)
    references: dict[str, list] = {"branches": [], "converts": [], "tags": []}
    for name, oid in repository.branches.items():
        references["branches"].append({"name": name, "ref": f"refs/heads/{name}", "targetCommit": oid})
    for name, oid in repository.tags.items():
        references["tags"].append({"name": name, "ref": f"refs/tags/{name}", "targetCommit": oid})
    if call.ask("include_prs"):
        pulls = [discussion for discussion in repository.discussions.values() if discussion.is_pull_request]
        references["pullRequests"] = [{"name": pull.ref, "ref": pull.ref, "targetCommit": pull.head} for pull in pulls]
    return references


def create_tag(call, type, id, revision):
    repository = call.find_repository(type, id, write=True)
    with repository.lock:
        commit = repository.find_commit(revision)
        if call.json["tag"] in repository.tags:
            raise HubError(409, "Tag reference exists already")
        repository.tags[call.json["tag"]] = commit.oid
    return b"OK"


def delete_tag(call, type, id, tag):
    repository = call.find_repository(type, id, write=True)
    if repository.tags.pop(tag, None) is None:
        raise HubError(404, f"Invalid rev id: {tag}", "RevisionNotFound")
    return b"OK"


def create_branch(call, type, id, branch):
    repository = call.find_repository(type, id, write=True)
    with repository.lock:
        commit = repository.find_commit(call.json.get("startingPoint", "main"))
        if branch in repository.branches:
            raise HubError(409, f"Reference already exists: refs/heads/{branch}")
        repository.branches[branch] = commit.oid
    return b"OK"


def delete_branch(call, type, id, branch):
    repository = call.find_repository(type, id, write=True)
    if branch == "main":
        raise HubError(403, "Cannot delete refs/heads/main")
    if repository.branches.pop(branch, None) is None:
        raise HubError(404, f"Invalid rev id: {branch}", "RevisionNotFound")
    return b"OK"


# --- discussions -----------------------------------------------------------------------------------------------------


def describe_discussion(call, repository: Repository, discussion: PullRequest) -> dict:
    author = {"name": discussion.author}
    comment = {"edited": False, "hidden": False, "latest": {"raw": discussion.description}}
    described = {
        "num": discussion.num,
        "title": discussion.title,
        "author": author,
        "createdAt": discussion.date,
        "status": discussion.status,
        "repo": {"name": repository.id, "type": repository.type},
        "isPullRequest": discussion.is_pull_request,
        "events": [
            {"id": "0", "type": "comment", "createdAt": discussion.date, "author": author, "data": comment},
        ],
        "filesWithConflicts": [],
    }
    if discussion.is_pull_request:
        described["changes"] = {"base": f"refs/heads/{discussion.base}", "mergeCommitId": discussion.merged}
    return described


def list_discussions(call, type, id):
    repository = call.find_repository(type, id)
    found = [describe_discussion(call, repository, each) for each in repository.discussions.values()]
    return {"discussions": found, "count": len(found), "start": 0}


def open_discussion(call, type, id):
    repository = call.find_repository(type, id)
    call.require_user()
    discussion = repository.open_discussion(
        call.json["title"], call.json["description"], call.user.namespaces[0], is_pull_request=call.json["pullRequest"]
    )
    return {"num": discussion.num, "url": f"{call.hub.url}/{PREFIXES[type]}{id}/discussions/{discussion.num}"}


def find_discussion(repository: Repository, num: str) -> PullRequest:
    if int(num) not in repository.discussions:
        raise HubError(404, "Discussion not found")
    return repository.discussions[int(num)]


def tell_discussion(call, type, id, num):
    repository = call.find_repository(type, id)
    return describe_discussion(call, repository, find_discussion(repository, num))


def change_discussion(call, type, id, num, what):
    repository = call.find_repository(type, id, write=True)
    discussion = find_discussion(repository, num)
    if what == "merge":
        repository.merge(discussion, call.user.namespaces[0])
    elif what == "status":
        discussion.status = call.json["status"]
    return describe_discussion(call, repository, discussion)


ROUTES = [
    ("GET", "/api/whoami-v2", tell_user),
    ("POST", "/api/repos/create", create_repository),
    ("DELETE", "/api/repos/delete", delete_repository),
    ("POST", "/api/validate-yaml", validate_card),
    ("GET", API, tell_repository),
    ("GET", f"{API}/revision/{REVISION}", tell_repository),
    ("PUT", f"{API}/settings", change_settings),
    ("GET", f"{API}/auth-check(?P<write>/write)?", check_access),
    ("GET", f"{API}/refs", list_references),
    ("POST", f"{API}/tag/{REVISION}", create_tag),
    ("DELETE", f"{API}/tag/(?P<tag>[^/]+)", delete_tag),
    ("POST", f"{API}/branch/(?P<branch>[^/]+)", create_branch),
    ("DELETE", f"{API}/branch/(?P<branch>[^/]+)", delete_branch),
    ("GET", f"{API}/discussions", list_discussions),
    ("POST", f"{API}/discussions", open_discussion),
    ("GET", rf"{API}/discussions/(?P<num>\d+)", tell_discussion),
    ("POST", rf"{API}/discussions/(?P<num>\d+)/(?P<what>merge|status)", change_discussion),
]
