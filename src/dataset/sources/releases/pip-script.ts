/**
 * @file What Python is told to do with pip: list a project's releases, or fetch one archive of one, or many archives in one go. `pip download` would
 * run the release's setup.py (or its build backend) to learn its dependencies; this asks pip's finder where the archive
 * is and stores it: the same index, proxies, certificates and credentials, and no line of the release is run.
 */

/**
 * Arguments: `list NAME`, or `fetch NAME VERSION sdist|wheel FOLDER`, which answer with one line of JSON; or
 * `fetch-all [[NAME, VERSION], ...] sdist|wheel FOLDER`, which answers with a line for each archive that it stored in
 * FOLDER/INDEX, and passes over what it cannot have.
 */
export const PIP_SCRIPT = `
import hashlib, json, logging, os, sys
sys.path[:] = [entry for entry in sys.path if entry not in ("", os.getcwd())]
logging.basicConfig(level=logging.INFO, stream=sys.stderr)
from pip._internal.commands import create_command
from pip._vendor.packaging.version import parse
action, name = sys.argv[1:3]
command = create_command("download")
options, _ = command.parse_args(["--no-deps", "--no-input", "pip" if action == "fetch-all" else name])

def answer(**fields):
    print(json.dumps(fields), flush=True)

def of_kind(link, kind):
    if kind == "wheel":
        return link.filename.endswith("-none-any.whl")
    return not link.is_wheel and not link.filename.endswith((".egg", ".exe"))

def store(session, link, folder, **more):
    filename = os.path.basename(link.filename)
    target = os.path.join(folder, filename)
    check = hashlib.new(link.hash_name) if link.hash_name else None
    response = session.get(link.url_without_fragment, headers={"Accept-Encoding": "identity"}, stream=True)
    response.raise_for_status()
    size = 0
    with open(target + ".partial", "wb") as file:
        for chunk in response.iter_content(1 << 16):
            size += len(chunk)
            if size > 1 << 29:
                return answer(problem="too large", **more)
            file.write(chunk)
            if check:
                check.update(chunk)
    if check and check.hexdigest() != link.hash:
        return answer(problem="hash", **more)
    os.replace(target + ".partial", target)
    answer(file=filename, **more)

def fetch(session, candidates, version, kind, folder, **more):
    wanted = parse(version)
    links = [entry.link for entry in candidates if entry.version == wanted and of_kind(entry.link, kind)]
    links.sort(key=lambda link: (not link.filename.endswith(".tar.gz"), link.filename))
    if links:
        store(session, links[0], folder, **more)
    else:
        answer(problem="missing", **more)

def fetch_all(session, finder, archives, kind, folder):
    known = {}
    for index, (name, version) in enumerate(archives):
        target = os.path.join(folder, str(index))
        os.mkdir(target)
        try:
            if name not in known:
                known[name] = finder.find_all_candidates(name)
            if not any(known.values()):
                return # the index does not answer: asked for each project in turn, it would not for minutes
            fetch(session, known[name], version, kind, target, index=index)
        except Exception as error:
            logging.info("%s %s: %s", name, version, error)

with command.main_context():
    session = command.get_default_session(options)
    finder = command._build_package_finder(options=options, session=session, ignore_requires_python=True)
    if action == "list":
        versions = sorted({candidate.version for candidate in finder.find_all_candidates(name)})
        answer(versions=[str(version) for version in versions if not version.is_prerelease])
    elif action == "fetch-all":
        fetch_all(session, finder, json.loads(name), *sys.argv[3:5])
    else:
        fetch(session, finder.find_all_candidates(name), *sys.argv[3:6])
`;
