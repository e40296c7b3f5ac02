//! Learns what each model refers to and its inline `config(…)`, by rendering it once.

use std::collections::BTreeMap;

use chrono::DateTime;
use minijinja::Value;

use crate::project::{Materialization, Model, ModelName, Node, Relation};

use super::scope::{CycleValues, RenderContext, Scope, Tables, Target, Used};
use super::{Renderer, TemplateError};

impl Renderer {
    /// What names mean while only the YAML is known.
    pub(super) fn provisional_tables(&self, parameters: BTreeMap<String, Value>) -> Tables {
        let target = |model: &Model| {
            let relation = Relation::new(model.stage.as_str(), model.name.as_str());
            Target::new(&model.name, model.stage.as_str(), &relation, false)
        };
        Tables {
            models: self
                .project
                .models()
                .values()
                .map(|model| (model.name.to_string(), target(model)))
                .collect(),
            sources: self
                .project
                .tables()
                .values()
                .map(|table| (table.name.clone(), Value::from(table.relation.to_string())))
                .collect(),
            parameters,
        }
    }

    /// What names mean once every model's configuration is known.
    pub(super) fn final_tables(&self) -> Tables {
        let models = self.tables.models.iter().map(|(name, before)| {
            let target = match self.nodes.get(name.as_str()) {
                Some(node) => {
                    let ephemeral = node.config.materialized == Materialization::Ephemeral;
                    Target::new(&node.name, node.stage.as_str(), &node.relation(), ephemeral)
                }
                None => Target {
                    enabled: false,
                    ..before.clone()
                },
            };
            (name.clone(), target)
        });
        Tables {
            models: models.collect(),
            sources: self.tables.sources.clone(),
            parameters: self.tables.parameters.clone(),
        }
    }

    /// The enabled models.
    pub(super) fn discover(&self) -> Result<BTreeMap<ModelName, Node>, TemplateError> {
        let mut nodes = BTreeMap::new();
        for model in self.project.models().values() {
            let mut used = self.used_by(model)?;
            let config = self.project.config_of(model, used.config.as_ref())?;
            if !config.enabled {
                continue;
            }
            used.models.sort();
            used.models.dedup();
            used.sources.sort();
            used.sources.dedup();
            let node = Node {
                name: model.name.clone(),
                stage: model.stage.clone(),
                path: model.path.clone(),
                config,
                depends_on: used.models,
                sources: used.sources,
            };
            nodes.insert(model.name.clone(), node);
        }
        Ok(nodes)
    }

    /// What a model uses in either branch of `is_incremental()`.
    fn used_by(&self, model: &Model) -> Result<Used, TemplateError> {
        let context =
            RenderContext::new(DateTime::UNIX_EPOCH.naive_utc()).in_cycle(CycleValues::default());
        let relation = Relation::new(model.stage.as_str(), model.name.as_str());
        let render = |context: &RenderContext| {
            let scope = Scope::new(&self.tables, Some(&model.name), Some(&relation), context);
            self.render_in(&model.path, scope).map(|(_, used)| used)
        };
        let mut used = render(&context)?;
        if self
            .project
            .text(&model.path)
            .is_some_and(|text| text.contains("is_incremental"))
        {
            let more = render(&context.incremental(true))?;
            used.models.extend(more.models);
            used.sources.extend(more.sources);
            used.config = used.config.or(more.config);
        }
        Ok(used)
    }
}
