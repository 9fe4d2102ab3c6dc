output "origin" {
  description = "Where the API answers."
  value       = local.origin
}

output "address" {
  description = "Point the domain's A record here; null without a load balancer."
  value       = one(module.front[*].address)
}

output "services" {
  description = "Address of every face and function by its name in the code."
  # Of a face's two addresses the one that it takes as an audience.
  value = merge({ for name in local.faces : name => local.address[name] }, { for name, one in module.function : name => one.uri })
}

output "lake" {
  description = "The bucket of results."
  value       = google_storage_bucket.lake.name
}

output "connections" {
  description = "Database connections that everything may hold together, during a roll-out too."
  value       = local.connections
}

output "grants" {
  description = "What each face and function may use besides its secrets and the database."
  value = { for name in setunion(local.faces, keys(local.functions)) :
    name => concat(local.everybody, lookup(local.grants, name, []))
  }

  precondition {
    condition     = length(setsubtract(keys(local.grants), setunion(local.faces, keys(local.functions)))) == 0
    error_message = "The table of grants names what is not deployed."
  }
  precondition {
    condition     = length(setsubtract(flatten(values(local.secret_readers)), setunion(local.faces, keys(local.functions)))) == 0
    error_message = "The table of secrets names what is not deployed."
  }
}
