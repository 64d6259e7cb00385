//! The header fields of an answer: `siaddr`, `sname`, `file`.

use std::net::Ipv4Addr;

use super::{Maker, Observer, PlanHeader, Wrong};
use crate::catalogue::HeaderField;
use crate::catalogue::record::Text;
use crate::encode::{self, Fault, Form};
use crate::policy::{HeaderSpec, Placed};
use crate::value::Value;

impl<'p, O: Observer> Maker<'p, '_, O> {
    pub(super) fn header(&mut self, wrong: &mut Vec<Wrong>) -> PlanHeader {
        let mut header = PlanHeader::default();
        // The catalogue's ways first, then what the policy says, which wins.
        let vendor = self.at.tables.at(self.at.vendor);
        for tell in vendor.tells.iter().filter(|tell| tell.header.is_some()) {
            if !self.applies(tell) || self.says(tell.what).is_none() {
                continue;
            }
            let value = encode::compile(&tell.option.value, false, &|name| self.name(name, 0));
            let Ok(form) = value else { continue };
            self.told.push(tell.what);
            match (tell.header, form) {
                (Some(HeaderField::Siaddr), Form::Fixed(bytes)) => {
                    header.next_server = bytes.first_chunk::<4>().map(|b| Ipv4Addr::from(*b));
                }
                (Some(HeaderField::Sname), form) => header.server_hostname = Some(form),
                (Some(HeaderField::File), form) => header.boot_file_name = Some(form),
                _ => {}
            }
        }
        type Get = fn(&HeaderSpec) -> &Option<Placed<String>>;
        let fields: [(Get, usize); 3] = [
            (|spec| &spec.next_server, 0),
            (|spec| &spec.server_hostname, 63),
            (|spec| &spec.boot_file_name, 127),
        ];
        for (get, longest) in fields {
            let Some((_, field)) = self.first(|layer| get(&layer.header).as_ref()) else {
                continue;
            };
            let value = match longest {
                0 => Value::Ipv4(vec![Text::Owned(field.value.clone())].into()),
                _ => Value::Text(Text::Owned(field.value.clone())),
            };
            match encode::compile(&value, false, &|name| self.name(name, 0)) {
                Ok(Form::Fixed(bytes)) if longest == 0 => {
                    header.next_server = bytes.first_chunk::<4>().map(|b| Ipv4Addr::from(*b));
                }
                Ok(form) if longest > 0 && form.longest() > longest => wrong.push(Placed {
                    place: field.place.clone(),
                    value: format!("up to {} bytes: the field holds {longest}", form.longest()),
                }),
                Ok(form) if longest == 63 => header.server_hostname = Some(form),
                Ok(form) if longest == 127 => header.boot_file_name = Some(form),
                Ok(_) | Err(Fault::Absent(_)) => {}
                Err(Fault::Wrong(text)) => {
                    wrong.push(Placed { place: field.place.clone(), value: text });
                }
            }
        }
        header
    }
}
