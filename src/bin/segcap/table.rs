//! Columns of text that line up.

pub struct Column {
    title: &'static str,
    to_the_right: bool,
}

impl Column {
    pub fn left(title: &'static str) -> Self {
        Self { title, to_the_right: false }
    }

    /// For numbers.
    pub fn right(title: &'static str) -> Self {
        Self { title, to_the_right: true }
    }
}

pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(columns: Vec<Column>) -> Self {
        let titles = columns.iter().map(|column| column.title.to_owned()).collect();
        Self { columns, rows: vec![titles] }
    }

    /// One cell for each column.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub fn render(&self) -> String {
        let length = |cell: &String| cell.chars().count();
        let widest = |at: usize| self.rows.iter().filter_map(|row| row.get(at)).map(length).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns.len()).map(widest).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).zip(&self.columns).map(|((cell, &width), column)| {
                if column.to_the_right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
        };
        self.rows.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(vec![Column::right("id"), Column::left("caption"), Column::right("n")]);
        table.row(vec!["1".into(), "a m\u{fc}g".into(), "7".into()]);
        table.row(vec!["100".into(), "b".into(), "12".into()]);
        assert_eq!(table.render(), " id  caption   n\n  1  a m\u{fc}g     7\n100  b        12\n");
    }
}
