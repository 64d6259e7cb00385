//! The phones' files: templates, lists, and the page that describes them.

mod files;
mod files_page;
