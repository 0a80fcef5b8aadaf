output "bucket" {
  description = "The bucket of the service."
  value       = aws_s3_bucket.data.id
}

output "databases" {
  description = "The addresses of the databases, by their names."
  value       = { for database in aws_db_instance.main : database.identifier => database.address }
}

output "role" {
  description = "The role of the service."
  value       = { name = aws_iam_role.service.name, arn = aws_iam_role.service.arn }
}

output "security_groups" {
  description = "The security groups of the service and of its database."
  value       = [aws_security_group.service.id, aws_security_group.database.id]
}
