//! References between the resources that one reader makes.

use secscan_model::Node;

/// Calls `found` with the path and the address of every reference in a value.
pub(crate) fn each_reference(node: &Node, found: &mut impl FnMut(&[&str], &str)) {
    fn walk<'n>(node: &'n Node, path: &mut Vec<&'n str>, found: &mut impl FnMut(&[&str], &str)) {
        for reference in node.refs() {
            found(path, &reference.address);
        }
        for item in node.as_list().unwrap_or_default() {
            walk(item, path, found);
        }
        for entry in node.entries() {
            path.push(&entry.key);
            walk(&entry.value, path, found);
            path.pop();
        }
    }
    walk(node, &mut Vec::new(), found);
}
