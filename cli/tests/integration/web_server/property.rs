//! Policies by chance, with several places of generated files: real trees, a real nginx and a real
//! Caddy. No request gets a phone's file without everything that the phone's own URL requests.

use std::collections::BTreeSet;
use std::fs;

use offhook_core::{Engine, Host, builtin};

use super::chances::Chances;
use super::web::{KEY, Web, token};

const FOLDER: &str = "0f9a6c1d-2e3b-4a5f-6071-8293a4b5c6d7";

/// Makers whose files are written, and a model of each.
const MAKERS: [(&str, &str); 6] = [
    ("yealink", "T46S"),
    ("polycom", "VVX450"),
    ("panasonic", "KX-HDV130"),
    ("snom", "D735"),
    ("grandstream", "GXP2170"),
    ("gigaset", "N670"),
];

/// An entry of `systems`: the URL behind the host, and the makers it is for.
#[derive(Clone)]
struct Entry {
    path: String,
    makers: Vec<&'static str>,
}

struct Policy {
    /// No site first, then each site; empty where a site has none of its own.
    systems: Vec<Vec<Entry>>,
    certificates: bool,
}

#[derive(Clone)]
struct Phone {
    mac: String,
    maker: &'static str,
    model: &'static str,
    site: usize,
    /// Of its own URL, without the host.
    path: String,
    password: String,
}

fn path(chances: &mut Chances, at_site: bool) -> String {
    let mut parts: Vec<&str> = Vec::new();
    parts.extend(chances.one(&[None, Some("p"), Some("open"), Some("yealink")]));
    if chances.one_in(3) {
        parts.push("{{random-folder}}");
    }
    for _ in 0..chances.below(3) {
        parts.push(chances.one(&[
            "{{vendor}}",
            "{{vendor}}",
            "{{model}}",
            "x",
            "v-{{vendor}}",
            "{{site}}",
        ]));
    }
    if chances.one_in(2) {
        parts.push("{{mac}}");
        if chances.one_in(2) {
            parts.insert(parts.len() - usize::from(chances.one_in(4)), "{{token}}");
        }
    }
    if chances.one_in(8) {
        parts.push("{{random-folder}}");
    }
    parts.retain(|part| at_site || *part != "{{site}}");
    parts.iter().map(|part| format!("{part}/")).collect()
}

fn policy(chances: &mut Chances) -> Policy {
    let sites = chances.below(2);
    let mut systems = vec![Vec::new(); 1 + sites];
    let entries = 2 + chances.below(5);
    for at in 0..entries {
        // The first is for all phones, so that all have a place.
        let site = if at < 2 { 0 } else { chances.below(1 + sites) };
        let makers = MAKERS.iter().map(|(id, _)| *id).filter(|_| at > 0 && chances.one_in(3));
        let makers: Vec<&str> = makers.collect();
        let path = path(chances, site > 0);
        systems[site].insert(0, Entry { path, makers });
    }
    Policy { systems, certificates: chances.one_in(4) }
}

impl Policy {
    fn text(&self) -> String {
        let entry = |entry: &Entry| {
            let only = match entry.makers.is_empty() {
                true => String::new(),
                false => format!(r#", "for": {:?}"#, entry.makers),
            };
            format!(
                r#"{{ "system": "files", "url": "https://localhost:PORT/{}"{only} }}"#,
                entry.path
            )
        };
        let list =
            |entries: &[Entry]| entries.iter().map(entry).collect::<Vec<_>>().join(",\n    ");
        let sites = self.systems.iter().enumerate().skip(1).map(|(at, entries)| {
            let own = match entries.is_empty() {
                true => String::new(),
                false => format!(r#", "systems": [{}]"#, list(entries)),
            };
            format!(r#"{{ "name": "s{at}", "match": {{ "interfaces": ["eth{at}"] }}{own} }}"#)
        });
        let certificates = match self.certificates {
            true => r#", "client-certificates": { "authorities": "DIR/maker.pem" }"#,
            false => "",
        };
        format!(
            r#"{{ "systems": [{}], "sites": [{}],
  "file-access": {{ "random-folder": "{FOLDER}", "token": {{ "key-file": "DIR/key" }}{certificates} }} }}"#,
            list(&self.systems[0]),
            sites.collect::<Vec<_>>().join(",\n    ")
        )
    }

    fn accepted(&self) -> bool {
        let text = self.text().replace("PORT", "443").replace("DIR", "/tmp");
        Engine::new(builtin::shared(), &text, Host::ANY).is_ok()
    }

    fn has_token(&self) -> bool {
        self.systems.iter().flatten().any(|entry| entry.path.contains("{{token}}"))
    }

    /// Whether some places request more than others.
    fn is_mixed(&self) -> bool {
        let asked = |entry: &Entry| {
            (entry.path.contains("{{token}}"), entry.path.contains("{{random-folder}}"))
        };
        self.systems.iter().flatten().map(asked).collect::<BTreeSet<_>>().len() > 1
    }

    /// One phone of each maker at each site that has a place: by this test's own reading.
    fn phones(&self) -> Vec<Phone> {
        let mut phones = Vec::new();
        for site in 0..self.systems.len() {
            for (number, (maker, model)) in MAKERS.into_iter().enumerate() {
                let at = if self.systems[site].is_empty() { 0 } else { site };
                let serves =
                    |entry: &&Entry| entry.makers.is_empty() || entry.makers.contains(&maker);
                let Some(entry) = self.systems[at].iter().find(serves) else { continue };
                let mac = format!("0200000a{site:02x}{number:02x}");
                let mut phone =
                    Phone { mac, maker, model, site, path: String::new(), password: String::new() };
                phone.password = format!("geheim-{}", phone.mac);
                phone.path = phone.filled(&entry.path);
                phones.push(phone);
            }
        }
        phones
    }
}

impl Phone {
    fn token(&self) -> String {
        token(KEY, "", false, &self.mac)
    }

    fn filled(&self, path: &str) -> String {
        path.replace("{{random-folder}}", FOLDER)
            .replace("{{vendor}}", self.maker)
            .replace("{{model}}", self.model)
            .replace("{{site}}", &format!("s{}", self.site))
            .replace("{{mac}}", &self.mac)
            .replace("{{token}}", &self.token())
    }

    /// Whether a request knows all that this phone's own URL requests.
    fn is_known_to(&self, request: &str, asker: Option<&Phone>) -> bool {
        let whole = |part: &str| request.split('/').any(|other| other == part);
        (!self.path.contains(FOLDER) || whole(FOLDER))
            && (!self.path.contains(&self.token()) || whole(&self.token()))
            && asker.is_none_or(|asker| asker.mac == self.mac)
    }
}

/// What a request may look like that wants a file of another's: by every door of the policy.
fn requests(policy: &Policy, others: &[&Phone], victim: &Phone, file: &str) -> BTreeSet<String> {
    let name = file.rsplit('/').next().unwrap();
    let mut requests = BTreeSet::new();
    let mut add = |folder: &str, rest: &str| {
        requests.insert(format!("/{folder}{rest}"));
    };
    for entry in policy.systems.iter().flatten() {
        // What is the same for all phones, and every beginning of it.
        let mut fixed = String::new();
        add(&fixed, file);
        for part in entry.path.split_terminator('/') {
            if part.contains("{{") && part != "{{random-folder}}" {
                break;
            }
            fixed.push_str(&part.replace("{{random-folder}}", FOLDER));
            fixed.push('/');
            add(&fixed, file);
            add(&fixed, name);
            for odd in ["../", "x/../", "%2e%2e/", "./", "/"] {
                add(&fixed, &format!("{odd}{file}"));
            }
        }
        for other in others {
            // The victim's folder by this entry, with the other's token.
            let mixed = entry.path.replace("{{token}}", &other.token());
            add(&victim.filled(&mixed), name);
            add(&victim.filled(&entry.path.replace("{{token}}/", "")), name);
            // The other's own folder.
            let own = other.filled(&entry.path);
            add(&own, name);
            add(&own, file);
            add(&own, &format!("../{name}"));
            for (mine, its) in [
                (other.mac.as_str(), victim.mac.as_str()),
                (other.maker, victim.maker),
                (other.model, victim.model),
            ] {
                add(&own.replace(mine, its), name);
            }
        }
    }
    // The victim's token only in the victim's own requests.
    requests.retain(|request| !request.contains(&victim.token()));
    requests
}

/// The phone's own file, below the root.
fn own_file(web: &Web, phone: &Phone) -> String {
    let tree = web.path("tree");
    let mut folders = vec![tree.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::read_to_string(&path).is_ok_and(|text| text.contains(&phone.password)) {
                return path.strip_prefix(&tree).unwrap().to_str().unwrap().to_owned();
            }
        }
    }
    panic!("no file of {} in the tree", phone.mac);
}

fn certificate(phone: &Phone) -> [String; 4] {
    [
        "--cert".to_owned(),
        format!("{}.pem", phone.mac),
        "--key".to_owned(),
        format!("{}.key", phone.mac),
    ]
}

/// Every file is there for its phone, and no request without what its URL requests gets it.
fn try_all(web: &Web, policy: &Policy, phones: &[Phone], chances: &mut Chances) -> usize {
    let files: Vec<String> = phones.iter().map(|phone| own_file(web, phone)).collect();
    let mut tried = 0;
    let more = |asker: Option<&Phone>| -> Vec<String> {
        asker
            .filter(|_| policy.certificates)
            .map(|phone| certificate(phone).to_vec())
            .unwrap_or_default()
    };
    for (phone, file) in phones.iter().zip(&files) {
        let name = file.rsplit('/').next().unwrap();
        let request = format!("/{}{name}", phone.path);
        let (status, body) =
            web.get_all(std::slice::from_ref(&request), &more(Some(phone))).remove(0);
        assert_eq!(status, 200, "{} of {} at {request}\n{}", phone.mac, phone.maker, policy.text());
        assert!(body.contains(&phone.password), "{request}");
    }
    let askers: Vec<Option<&Phone>> = match policy.certificates {
        true => phones.iter().take(2).map(Some).chain([None]).collect(),
        false => vec![None],
    };
    for (victim, file) in phones.iter().zip(&files) {
        let others = [(); 3].map(|()| &phones[chances.below(phones.len())]);
        let requests: Vec<String> = requests(policy, &others, victim, file).into_iter().collect();
        for asker in &askers {
            tried += requests.len();
            let answers = web.get_all(&requests, &more(*asker));
            for (request, (status, body)) in requests.iter().zip(answers) {
                let got = body.contains(&victim.password);
                let nobody = policy.certificates && asker.is_none();
                let allowed = !nobody && victim.is_known_to(request, *asker);
                assert!(
                    !got || allowed,
                    "{request} by {:?} gets {file} of {} ({status})\n{}",
                    asker.map(|asker| &asker.mac),
                    victim.path,
                    policy.text()
                );
            }
        }
    }
    tried
}

#[test]
fn no_weaker_place_opens_a_file_of_a_stronger_one() {
    let mut chances = Chances::new();
    let (mut refused, mut mixed, mut certified, mut tried) = (0, 0, 0, 0);
    let rounds = chances.rounds(4);
    while mixed < rounds || certified < rounds.div_ceil(3) {
        assert!(refused < 400 * rounds, "nearly no policy is accepted");
        let policy = policy(&mut chances);
        let wanted = match policy.certificates {
            true => certified < rounds.div_ceil(3),
            false => policy.is_mixed() && mixed < rounds,
        };
        if !wanted {
            continue;
        }
        if !policy.accepted() {
            refused += 1;
            continue;
        }
        let phones = policy.phones();
        let mut list = "mac,vendor,model,site,user,password\n".to_owned();
        for phone in &phones {
            let site = if phone.site == 0 { String::new() } else { format!("s{}", phone.site) };
            let Phone { mac, maker, model, password, .. } = phone;
            list.push_str(&format!("{mac},{maker},{model},{site},{mac},{password}\n"));
        }
        let more = ["--allow", "127.0.0.0/8", "--allow", "::1/128", "--rate", "0"];
        let Some(mut web) = Web::try_start(&policy.text(), &list, &[], &more) else {
            // Two phones that would need different files of one name are another matter.
            refused += 1;
            continue;
        };
        if policy.certificates {
            phones
                .iter()
                .for_each(|phone| web.certify(&phone.mac, &format!("/CN={}", phone.mac), "maker"));
            certified += 1;
        } else {
            mixed += 1;
        }
        tried += try_all(&web, &policy, &phones, &mut chances);
        if !policy.certificates && !policy.has_token() {
            web.restart_as_caddy(&more[..4]);
            tried += try_all(&web, &policy, &phones, &mut chances);
        }
    }
    println!(
        "{refused} policies refused, {mixed} mixed, {certified} with certificates, {tried} requests"
    );
}
